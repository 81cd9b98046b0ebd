// Asks the browser for a passkey: a form with data-create or data-get holds what the server asks, its button asks
// the browser, the answer goes back in the form's own field. Without a passkey nothing is sent.
const decode = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const encode = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function read(text) {
  const asked = JSON.parse(text);
  asked.challenge = decode(asked.challenge);
  if (asked.user) asked.user.id = decode(asked.user.id);
  for (const list of [asked.allowCredentials, asked.excludeCredentials]) {
    for (const each of list ?? []) each.id = decode(each.id);
  }
  return asked;
}

function write(found) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (found.response[name]) response[name] = encode(found.response[name]);
  }
  return JSON.stringify({
    id: found.id, rawId: encode(found.rawId), type: found.type, response,
    clientExtensionResults: found.getClientExtensionResults(),
  });
}

for (const form of document.querySelectorAll("form[data-create], form[data-get]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = form.querySelector("[data-said]");
    said.textContent = "";
    try {
      const found = form.dataset.create
        ? await navigator.credentials.create({ publicKey: read(form.dataset.create) })
        : await navigator.credentials.get({ publicKey: read(form.dataset.get) });
      form.elements.credential.value = write(found);
      form.submit();
    } catch {
      said.textContent = form.dataset.failed;
    }
  });
}
