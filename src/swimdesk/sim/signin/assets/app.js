// The sign-in application: it shows the page that the server names, and sends what was done on it.
"use strict";

const POLL_MS = 1000;
const AGREEMENT_PARAGRAPHS = 40;

const pages = document.getElementById("pages");
const busy = document.getElementById("busy");
let shown = null; // {number, page, section}
let isSending = false;

// --- fields ---------------------------------------------------------------------------------

// Text that was typed counts, text that a script put into the field does not.
function typedField(input) {
  let isKeyDown = false;
  input.typed = "";
  input.addEventListener("keydown", (event) => { isKeyDown = event.isTrusted; });
  input.addEventListener("beforeinput", () => {
    if (input.value !== input.typed) input.value = input.typed;
  });
  input.addEventListener("input", (event) => {
    const isPaste = event.inputType === "insertFromPaste";
    const isKey = isKeyDown && (event.inputType.startsWith("delete") || (event.data ?? "").length === 1);
    isKeyDown = false;
    if (!event.isTrusted || !(isPaste || isKey)) input.value = input.typed;
    input.typed = input.value;
    settle();
  });
}

// A box counts as it was clicked, whatever a script made of it.
function clickedBox(input, isChecked = false) {
  input.checked = isChecked;
  input.clicked = isChecked;
  input.addEventListener("change", (event) => {
    if (!event.isTrusted) { input.checked = input.clicked; return; }
    for (const other of boxes(shown.section)) {
      if (other.type === "radio" && other.name === input.name) other.clicked = false;
    }
    input.clicked = input.checked;
    settle();
  });
}

function boxes(section) {
  return [...section.querySelectorAll("input[type=checkbox], input[type=radio]")];
}

function typedFields(section) {
  return [...section.querySelectorAll("input[data-field]")];
}

function formOf(section) {
  const form = {};
  for (const input of typedFields(section)) form[input.dataset.field] = input.typed;
  for (const input of boxes(section)) {
    if (input.dataset.flag) form[input.dataset.flag] = input.clicked;
  }
  form.ticked = boxes(section).filter((box) => box.dataset.account && box.clicked)
    .map((box) => box.dataset.account);
  return form;
}

// Enable the buttons of the page for what was done on it so far.
function settle() {
  if (shown === null) return;
  const hasTyped = typedFields(shown.section).every((input) => input.typed !== "");
  const hasFlag = boxes(shown.section).some((box) => box.dataset.flag && box.clicked);
  for (const button of shown.section.querySelectorAll("button")) {
    const isReady = button.dataset.needs === "flag" ? hasFlag : hasTyped;
    button.disabled = isSending || !isReady;
  }
}

// --- what the server says -------------------------------------------------------------------

async function call(action, form) {
  if (isSending) return;
  isSending = true;
  busy.hidden = false;
  settle();
  let answer = null;
  try {
    const options = form === undefined ? {} : {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(form),
    };
    answer = await (await fetch(`api/${action}`, options)).json();
  } catch {
    answer = null; // the connection broke: the page stays and can be used again
  }
  isSending = false;
  busy.hidden = true;
  if (answer !== null) show(answer);
  settle();
  if (isWaiting()) setTimeout(() => call("page"), POLL_MS);
}

function isWaiting() {
  return shown !== null && shown.page === "mobile-approve" && shown.stage === "waiting";
}

function show(answer) {
  if (shown === null || shown.number !== answer.number || shown.page !== answer.page) enter(answer);
  shown.stage = answer.data.stage;
  const error = shown.section.querySelector(".error");
  if (error !== null) {
    error.textContent = answer.error;
    error.hidden = answer.error === "";
  }
  if (answer.error !== "") clear(shown.section);
  const fill = FILLS[templateOf(answer.page)];
  if (fill !== undefined) fill(shown.section, answer.data);
}

// Earlier pages stay in the document, hidden and emptied.
function enter(answer) {
  if (shown !== null) {
    shown.section.hidden = true;
    clear(shown.section);
  }
  const section = document.createElement("section");
  section.append(document.getElementById(templateOf(answer.page)).content.cloneNode(true));
  shown = { number: answer.number, page: answer.page, section };
  pages.append(section);
  section.querySelectorAll("input[data-field]").forEach(typedField);
  section.querySelectorAll("input[data-flag]").forEach((input) => clickedBox(input));
  location.replace(`#/${answer.page}`);
}

function clear(section) {
  for (const input of typedFields(section)) input.value = input.typed = "";
}

function templateOf(page) {
  return page.startsWith("information/") ? "information" : page;
}

// --- pages with something to fill in --------------------------------------------------------

const FILLS = {
  "authenticators": (section, data) => {
    section.querySelector(".tiles").replaceChildren(...data.tiles.map((tile) => {
      const button = element("button", tile.text);
      button.id = tile.id;
      button.type = "button";
      button.addEventListener("click", () => call("authenticator", { tile: tile.id }));
      return button;
    }));
  },
  "mobile-approve": (section, data) => {
    section.querySelector(".waiting").hidden = data.stage !== "waiting";
    section.querySelector(".trust").hidden = data.stage !== "trust";
  },
  "third-party-auth/cag": (section, data) => {
    const paragraphs = Array.from({ length: AGREEMENT_PARAGRAPHS }, (_, index) =>
      element("p", `${index + 1}. The simulated brokerage takes no responsibility for what the third party does.`));
    section.querySelector(".paragraphs").replaceChildren(...paragraphs);
    section.querySelector(".modal").hidden = !data.modal;
  },
  "third-party-auth/account": (section, data) => {
    const container = section.querySelector("#form-container");
    if (container.childElementCount > 0) return;
    for (const account of data.accounts) {
      const group = element("div", "");
      group.className = "form-group";
      const label = document.createElement("label");
      const input = document.createElement("input");
      input.type = "checkbox";
      input.dataset.account = account.id;
      clickedBox(input, account.ticked);
      label.append(input, ` ${account.label}`);
      group.append(label);
      container.append(group);
    }
  },
  "third-party-auth/confirmation": (section, data) => {
    section.querySelector(".linked").replaceChildren(...data.accounts.map((text) => element("li", text)));
  },
  "information": (section, data) => {
    section.querySelector(".title").textContent = data.title;
    section.querySelector(".text").textContent = data.text;
    section.querySelector("button").hidden = !data.canContinue;
  },
};

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

// --- what the customer does -----------------------------------------------------------------

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = event.target.querySelector("button[type=submit]");
  if (!button.disabled) call(event.target.dataset.action, formOf(shown.section));
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-send], button[data-leave]");
  if (button === null || button.disabled) return;
  if (button.dataset.leave) location.assign(button.dataset.leave);
  else call(button.dataset.send, formOf(shown.section));
});

// The server decides which page is shown, not the address.
window.addEventListener("hashchange", () => {
  if (shown !== null && location.hash !== `#/${shown.page}`) location.replace(`#/${shown.page}`);
});

call("page");
