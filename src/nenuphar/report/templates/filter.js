"use strict";
// Counts and lists again what the filters ask for; without it the page shows everything.
(function () {
  var data = JSON.parse(document.getElementById("data").textContent);
  var filters = document.getElementById("filters"), search = document.getElementById("search");
  var chosen = { e: "entity", s: "site", g: "grade", t: "status" };
  var body = document.querySelector("#cases tbody"), all = Array.from(body.children);
  var find = document.getElementById("find"), differs = document.getElementById("differs");
  var shown = document.getElementById("shown"), MOST = 300;

  function number(n) { return n.toLocaleString("en"); }
  function wanted() {
    var want = {};
    Object.keys(chosen).forEach(function (key) {
      var field = document.getElementById(chosen[key]);
      if (field && field.value !== "") { want[key] = Number(field.value); }
    });
    return want;
  }
  function fits(line, want) {
    return (want.s === undefined || line[0] === want.s) && (want.e === undefined || line[1] === want.e) &&
      (want.g === undefined || line[2] === want.g) && (want.t === undefined || line[3] === want.t);
  }
  function make(name, text) {
    var node = document.createElement(name);
    if (text !== undefined) { node.textContent = text; }
    return node;
  }

  function count(want) {
    var kept = data.counts.filter(function (line) { return fits(line, want); });
    function total(own) {
      return kept.reduce(function (sum, line) { return fits(line, own) ? sum + line[4] : sum; }, 0);
    }
    function place(cell) {
      var own = {};
      Object.keys(chosen).forEach(function (key) {
        if (cell.dataset[key] !== undefined) { own[key] = Number(cell.dataset[key]); }
      });
      return own;
    }
    document.querySelectorAll(".counts td[data-e]").forEach(function (cell) {
      var n = total(place(cell));
      cell.textContent = n ? number(n) : "·";
    });
    document.querySelectorAll(".counts tbody tr").forEach(function (row) {
      var n = total({ e: Number(row.querySelector("td").dataset.e) });
      row.classList.toggle("none", n === 0);
    });
    document.querySelectorAll("#matrix button").forEach(function (button) {
      var own = place(button.parentNode), n = total(own);
      button.replaceChildren(make("b", n ? number(n) : "·"));
      button.disabled = n === 0;
      data.grades.forEach(function (name, g) {
        var graded = data.graded[g] ? total({ s: own.s, e: own.e, g: g }) : 0;
        if (graded) { button.append(make("small", data.short[g] + "\u00a0" + number(graded))); }
      });
    });
    var whole = data.counts.reduce(function (sum, line) { return sum + line[4]; }, 0);
    document.getElementById("matching").textContent = kept.length === data.counts.length ? "" :
      number(total({})) + " of " + number(whole) + " readings";
  }

  function keeps(line, want, text) {
    var call = data.calls[line[2]], hit = false;
    if (text && (line[0] + " " + line[1]).toLowerCase().indexOf(text) < 0) { return false; }
    if (differs && differs.checked && !call[4]) { return false; }
    for (var i = 0; i < call[0].length && !hit; i += 1) {
      hit = fits([call[3], call[0][i], call[1][i], call[2][i]], want);
    }
    return hit;
  }
  function tally(values, names) {
    var counts = new Map();
    values.forEach(function (v) { counts.set(v, (counts.get(v) || 0) + 1); });
    var pairs = Array.from(counts).sort(function (a, b) { return b[1] - a[1]; });
    return pairs.length === 1 ? names[pairs[0][0]] :
      pairs.map(function (p) { return p[1] + " × " + names[p[0]]; }).join(", ");
  }
  function row(line) {
    var call = data.calls[line[2]], tr = make("tr"), head = make("th"), link;
    head.scope = "row";
    if (line[3]) { link = make("a", line[0]); link.href = line[3]; head.append(link); } else { head.textContent = line[0]; }
    var entity = make("td", tally(call[0], data.entities)), status = make("td");
    if (call[4]) { entity.className = "differs"; }
    var grades = call[1].filter(function (g) { return data.graded[g]; });
    data.statuses.forEach(function (name, i) {
      var n = call[2].filter(function (s) { return s === i; }).length, mark;
      if (!n) { return; }
      mark = make("span", data.words[i]);
      mark.className = "status is-" + name;
      status.append(mark, call[2].length > 1 ? make("small", " " + n + " ") : "");
    });
    tr.append(head, make("td", line[1]), entity, make("td", grades.length ? tally(grades, data.grades) : "–"), status);
    return tr;
  }
  function list(want) {
    var text = find.value.trim().toLowerCase();
    if (!text && !Object.keys(want).length && !(differs && differs.checked)) {
      body.replaceChildren.apply(body, all);
      shown.textContent = number(all.length) + " of " + number(data.lines.length) + " specimens shown";
      return;
    }
    var kept = data.lines.filter(function (line) { return keeps(line, want, text); });
    body.replaceChildren.apply(body, kept.slice(0, MOST).map(row));
    shown.textContent = number(kept.length) + " of " + number(data.lines.length) + " specimens match" +
      (kept.length > MOST ? "; the first " + MOST + " are shown" : "");
  }

  function apply() { var want = wanted(); count(want); list(want); }
  filters.addEventListener("change", apply);
  filters.addEventListener("reset", function () { find.value = ""; setTimeout(apply, 0); });
  filters.addEventListener("submit", function (event) { event.preventDefault(); });
  search.addEventListener("input", function () { list(wanted()); });
  search.addEventListener("submit", function (event) { event.preventDefault(); });
  document.querySelectorAll("#matrix button").forEach(function (button) {
    button.addEventListener("click", function () {
      var cell = button.parentNode.dataset;
      document.getElementById("entity").value = cell.e;
      document.getElementById("site").value = cell.s;
      apply();
      document.getElementById("list").scrollIntoView();
      find.focus({ preventScroll: true });
    });
  });
})();
