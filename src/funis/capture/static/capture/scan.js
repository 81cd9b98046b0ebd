// Scanning at the bedside: a scanner types fast and ends with Enter; a person types slowly. What a scanner or
// the camera gave is marked so; everything else counts as typed, and needs a reason.

const FASTEST_HAND = 50; // milliseconds a key: no hand keeps below that on average over a whole label
const PAUSE = 1000; // milliseconds: what comes after a pause is begun anew
const SHORTEST_LABEL = 8;
const LABEL = /^F1\.[A-Z]\.[0-9A-Z-]+\.[0-9A-Z*]$/;
const KIND = { S: "subject", B: "bag" };

const fields = [...document.querySelectorAll("input[data-scan]")];
const marks = (field) => field.form.elements[`${field.name}_by`];

function say(field) {
  const told = document.querySelector(`[data-how="${field.name}"]`);
  const by = marks(field).value;
  told.textContent = field.value === "" ? "" : by ? `✓ ${told.dataset.scanned}` : told.dataset.typed;
  told.classList.toggle("by-label", by !== "");
  told.classList.toggle("by-hand", field.value !== "" && by === "");
}

function take(text, by, into) {
  const label = text.trim().toUpperCase();
  const kind = LABEL.test(label) ? KIND[label[3]] : undefined;
  const field = fields.find((each) => each.name === kind) ?? into;
  if (into && field !== into) into.value = into.defaultValue;
  field.value = label;
  marks(field).value = by;
  say(field);
  const next = fields.find((each) => each.value === "");
  (next ?? field.form.elements.given_ml).focus();
}

for (const field of fields) {
  let typed = "";
  let first = 0;
  let last = 0;
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.timeStamp - last > PAUSE) typed = "";
    if (typed === "") first = event.timeStamp;
    last = event.timeStamp;
    if (event.key === "Enter") {
      event.preventDefault(); // a scanner ends with Enter: it must not send the form
      const fast = last - first <= FASTEST_HAND * typed.length;
      const by = fast && typed.length >= SHORTEST_LABEL && field.value.endsWith(typed) ? "scanner" : "";
      take(by ? typed : field.value, by, field);
      typed = "";
      return;
    }
    if (event.key.length === 1) typed += event.key;
  });
  field.addEventListener("input", () => {
    marks(field).value = "";
    say(field);
  });
  say(field);
}

const video = document.querySelector("[data-video]");

async function look(name) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  const end = () => {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
    video.hidden = true;
  };
  const step = async () => {
    if (video.srcObject !== stream) return;
    const found = await detector.detect(video);
    if (found.length === 0) {
      requestAnimationFrame(step);
      return;
    }
    end();
    take(found[0].rawValue, "scanner", document.getElementById(name));
  };
  requestAnimationFrame(step);
}

if ("BarcodeDetector" in window && navigator.mediaDevices?.getUserMedia) {
  for (const button of document.querySelectorAll("[data-camera]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      look(button.dataset.camera).catch((error) => {
        const told = document.querySelector(`[data-how="${button.dataset.camera}"]`);
        told.textContent = error.message;
      });
    });
  }
}
