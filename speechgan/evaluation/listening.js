const find = id => document.getElementById(id);
const answers = trials.map(() => ({nearer: "", natural: ""}));
let now = 0;

function open(key) {
  const bytes = Uint8Array.from(atob(key), character => character.charCodeAt(0));
  // The order comes first: a name may have lines of its own.
  const [first, ...name] = new TextDecoder().decode(bytes).split("\n");
  return {recording: name.join("\n"), A: first, B: first === "source" ? "target" : "source"};
}

function show() {
  find("title").textContent = `Recording ${now + 1} of ${trials.length}`;
  find("players").replaceChildren(...["x", "a", "b"].map(side => {
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    const player = document.createElement("audio");
    const name = document.createElement("b");
    name.textContent = side.toUpperCase();
    caption.append(name);
    player.controls = true;
    player.src = trials[now][side];
    player.setAttribute("aria-label", side.toUpperCase());
    figure.append(caption, player);
    return figure;
  }));
  for (const input of document.querySelectorAll("input"))
    input.checked = answers[now][input.name] === input.value;
  find("back").disabled = now === 0;
  find("next").textContent = now + 1 === trials.length ? "Finish" : "Next";
  allow();
}

function allow() {
  find("next").disabled = !(answers[now].nearer && answers[now].natural);
}

function move(to, focused) {
  now = to;
  show();
  find(focused).focus();
}

// Wilson's 95 % interval of a share: it holds for few trials too.
function interval(right, count) {
  const z = 1.96, share = right / count, shrink = 1 + z * z / count;
  const middle = (share + z * z / (2 * count)) / shrink;
  const half = z * Math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / shrink;
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

function judge() {
  return trials.map((trial, number) => {
    const {recording, A, B} = open(trial.key);
    const nearer = answers[number].nearer === "A" ? A : B;
    return {recording, A, B, answer: answers[number].nearer, nearer, natural: answers[number].natural};
  });
}

function finish() {
  const rows = judge();
  const right = rows.filter(row => row.nearer === "target").length;
  const [low, high] = interval(right, rows.length).map(share => Math.round(100 * share));
  const natural = rows.reduce((sum, row) => sum + Number(row.natural), 0) / rows.length;
  find("summary").textContent =
    `X was nearer to the target in ${right} of ${rows.length} (95 % interval ${low} to ${high} %; ` +
    `50 % is chance). Naturalness: ${natural.toFixed(1)} of 5 on average.`;
  find("table").tBodies[0].replaceChildren(...rows.map(row => {
    const line = document.createElement("tr");
    line.append(...[row.recording, row.A, row.nearer, row.natural].map(text => {
      const cell = document.createElement("td");
      cell.textContent = text;
      return cell;
    }));
    return line;
  }));
  find("trial").hidden = true;
  find("result").hidden = false;
  find("heading").focus();
}

function save() {
  const quote = text => `"${String(text).replaceAll('"', '""')}"`;
  const lines = judge().map(row =>
    [row.recording, row.A, row.B, row.answer, row.nearer, row.natural].map(quote).join(","));
  const text = ["recording,a_is,b_is,answer,nearer,naturalness", ...lines, ""].join("\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], {type: "text/csv"}));
  link.download = "answers.csv";
  link.click();
  URL.revokeObjectURL(link.href);
}

find("answer").addEventListener("change", event => {
  answers[now][event.target.name] = event.target.value;
  allow();
});
find("answer").addEventListener("submit", event => {
  event.preventDefault();
  if (now + 1 < trials.length) move(now + 1, "title");
  else finish();
});
find("back").addEventListener("click", () => move(now - 1, "title"));
find("save").addEventListener("click", save);
// One recording at a time.
document.addEventListener("play", event => {
  for (const player of document.querySelectorAll("audio"))
    if (player !== event.target) player.pause();
}, true);
show();
