"use strict";
(() => {
  const table = document.getElementById("rules");
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const status = document.getElementById("shown");
  const more = document.getElementById("more");
  const search = document.getElementById("search");
  const filters = [...document.querySelectorAll("select[data-column]")];
  const STEP = 100;
  const SEVERITY = ["critical", "high", "medium", "low"];

  const value = (cell, kind) => {
    const text = cell.textContent.trim();
    if (kind === "number") {
      const digits = text.replace(/[^0-9]/g, "");
      return digits === "" ? -1 : Number(digits);
    }
    if (kind === "severity") return SEVERITY.includes(text) ? SEVERITY.length - SEVERITY.indexOf(text) : 0;
    return text.toLowerCase();
  };
  const rows = [...body.rows].map((row, place) => ({ row, place, text: null, facts: row.dataset }));
  let found = rows;
  let limit = STEP;

  const show = () => {
    const part = document.createDocumentFragment();
    for (const each of found.slice(0, limit)) part.append(each.row);
    body.replaceChildren(part);
    const shown = Math.min(limit, found.length);
    status.textContent = `${shown.toLocaleString("en")} of ${found.length.toLocaleString("en")} rules shown` +
      (found.length === rows.length ? "" : `, ${rows.length.toLocaleString("en")} in all`);
    more.classList.toggle("on", shown < found.length);
  };
  const choose = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = filters.filter((each) => each.value !== "").map((each) => [each.dataset.column, each.value]);
    found = rows.filter((each) => {
      for (const [column, choice] of wanted) {
        if (!(each.facts[column] || "").split("\n").includes(choice)) return false;
      }
      if (words.length === 0) return true;
      each.text ??= each.row.textContent.toLowerCase();
      return words.every((word) => each.text.includes(word));
    });
    limit = STEP;
    show();
  };
  const sort = (head, column) => {
    const down = head.getAttribute("aria-sort") !== "descending";
    const first = head.dataset.first === "ascending" && !head.hasAttribute("aria-sort") ? false : down;
    for (const each of heads) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", first ? "descending" : "ascending");
    const kind = head.dataset.kind;
    for (const each of rows) each.key = value(each.row.cells[column], kind);
    const sign = first ? -1 : 1;
    rows.sort((one, other) => {
      if (one.key < other.key) return -sign;
      if (one.key > other.key) return sign;
      return one.place - other.place;
    });
    choose();
  };

  heads.forEach((head, column) => {
    if (!head.dataset.kind) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head, column));
    head.append(button);
  });
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(choose, 120);
  });
  for (const each of filters) each.addEventListener("change", choose);
  document.getElementById("clear").addEventListener("click", () => {
    search.value = "";
    for (const each of filters) each.value = "";
    choose();
  });
  document.getElementById("next").addEventListener("click", () => { limit += STEP; show(); });
  document.getElementById("all").addEventListener("click", () => { limit = rows.length; show(); });
  choose();
  table.classList.add("ready");
})();
