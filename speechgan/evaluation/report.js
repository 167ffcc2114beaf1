for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.addEventListener("click", () => {
    const descending = head.getAttribute("aria-sort") === "ascending";
    heads.forEach(other => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const text = row => row.cells[column].textContent;
    // What has no value is below all that have one.
    const value = row => text(row) === "-" ? -Number.MAX_VALUE : parseFloat(text(row));
    const compare = column === 0
      ? (a, b) => text(a).localeCompare(text(b), undefined, {numeric: true})
      : (a, b) => value(a) - value(b);
    const rows = [...table.tBodies[0].rows].sort(compare);
    table.tBodies[0].append(...(descending ? rows.reverse() : rows));
  }));
}
// One recording at a time.
document.addEventListener("play", event => {
  for (const player of document.querySelectorAll("audio"))
    if (player !== event.target) player.pause();
}, true);
