"use strict";
(function () {
  var rows = Array.prototype.slice.call(document.querySelectorAll("#records tbody tr"));
  var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
  var fields = ["find", "kind", "source", "repaired"].map(function (id) { return document.getElementById(id); });
  var shown = document.getElementById("shown");
  function apply() {
    var words = fields[0].value.toLowerCase().split(/\s+/).filter(Boolean), count = 0;
    rows.forEach(function (row, i) {
      var keep = words.every(function (word) { return texts[i].indexOf(word) >= 0; }) &&
        (!fields[1].value || row.dataset.kind === fields[1].value) &&
        (!fields[2].value || row.dataset.source === fields[2].value) &&
        (!fields[3].checked || row.dataset.repaired === "yes");
      row.hidden = !keep;
      count += keep ? 1 : 0;
    });
    shown.textContent = count + " of " + rows.length + " shown";
  }
  fields.forEach(function (field) { field.addEventListener("input", apply); });
})();
