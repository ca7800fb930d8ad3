"use strict";
// Comfort only: every page works without it.
(function () {
  // Times in the reader's own zone.
  document.querySelectorAll("time[datetime]").forEach(function (time) {
    var moment = new Date(time.dateTime);
    if (!isNaN(moment)) {
      time.title = time.textContent;
      time.textContent = moment.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    }
  });

  // How far the run is that the page waits for; loaded anew when it ends.
  var watched = document.querySelector("[data-watch]");
  if (watched) {
    var bar = watched.querySelector("progress"), step = watched.querySelector("[data-step]");
    var state = watched.dataset.state, failures = 0;
    var look = function () {
      fetch(watched.dataset.watch, { headers: { accept: "application/json" } }).then(function (answer) {
        if (!answer.ok) { throw new Error(String(answer.status)); }
        return answer.json();
      }).then(function (run) {
        failures = 0;
        if (run.state !== "queued" && run.state !== "running") { location.reload(); return; }
        if (run.state !== state) { location.reload(); return; }
        if (run.step) { step.textContent = run.step + (run.of ? ", " + run.done + " of " + run.of : "…"); }
        if (run.of) { bar.max = run.of; bar.value = run.done; } else { bar.removeAttribute("value"); }
        setTimeout(look, 500);
      }).catch(function () {
        failures += 1;
        step.textContent = "The server does not answer; trying again…";
        if (failures < 60) { setTimeout(look, 2000); }
      });
    };
    setTimeout(look, 300);
  }

  // Narrow a long list of fields or links to those that hold some words.
  document.querySelectorAll("input[data-narrows]").forEach(function (field) {
    var parts = Array.from(document.querySelectorAll(field.dataset.narrows));
    var texts = parts.map(function (part) { return part.textContent.toLowerCase(); });
    field.addEventListener("input", function () {
      var words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      parts.forEach(function (part, i) {
        part.hidden = !words.every(function (word) { return texts[i].indexOf(word) >= 0; });
      });
      document.querySelectorAll("details.group").forEach(function (group) {
        var any = Array.from(group.querySelectorAll(".field")).some(function (part) { return !part.hidden; });
        group.hidden = !any;
        if (words.length) { group.open = any; }
      });
    });
    field.addEventListener("keydown", function (event) {
      if (event.key === "Enter") { event.preventDefault(); }
    });
  });

  // The call of what is entered so far.
  var form = document.querySelector("form[data-brief]"), panel = document.getElementById("brief");
  if (form && panel) {
    var timer = 0, asked = 0;
    var refresh = function () {
      var mine = asked += 1, body = new FormData(form);
      body.delete("action");
      panel.setAttribute("aria-busy", "true");
      fetch(form.dataset.brief, { method: "POST", body: body }).then(function (answer) {
        return answer.ok ? answer.text() : Promise.reject(new Error(String(answer.status)));
      }).then(function (text) {
        if (mine !== asked) { return; }
        var part = new DOMParser().parseFromString(text, "text/html");
        panel.replaceChildren.apply(panel, Array.from(part.body.childNodes));
        panel.removeAttribute("aria-busy");
      }).catch(function () {
        if (mine === asked) { panel.removeAttribute("aria-busy"); }
      });
    };
    var later = function () { clearTimeout(timer); timer = setTimeout(refresh, 250); };
    form.addEventListener("input", function (event) {
      if (!event.target.hasAttribute("data-narrows")) { later(); }
    });
  }

  // What may go wrong when it is chosen by mistake asks first by a box; without it nothing happens.
  document.querySelectorAll("input[name=sure]").forEach(function (box) {
    var button = box.form.querySelector("button");
    button.disabled = !box.checked;
    box.addEventListener("change", function () { button.disabled = !box.checked; });
  });
})();
