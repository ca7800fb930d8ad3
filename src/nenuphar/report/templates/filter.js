"use strict";
(function () {
  var rows = Array.prototype.slice.call(document.querySelectorAll("#cases tbody tr"));
  var fields = ["find", "entity", "status", "differs"].map(function (id) { return document.getElementById(id); });
  var shown = document.getElementById("shown");
  function apply() {
    var text = fields[0].value.trim().toLowerCase(), count = 0;
    rows.forEach(function (row) {
      var data = row.dataset;
      var keep = (!text || data.id.toLowerCase().indexOf(text) >= 0) &&
        (!fields[1].value || data.entity.split("|").indexOf(fields[1].value) >= 0) &&
        (!fields[2].value || data.status.split(" ").indexOf(fields[2].value) >= 0) &&
        (!fields[3] || !fields[3].checked || data.differs === "yes");
      row.hidden = !keep;
      count += keep ? 1 : 0;
    });
    shown.textContent = count + " of " + rows.length + " shown";
  }
  fields.forEach(function (field) { if (field) { field.addEventListener("input", apply); } });
})();
