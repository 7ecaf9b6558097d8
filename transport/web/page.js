"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const connectForm = $("connect");
  const sendForm = $("send");
  const kept = 100; // events shown at most
  let source = null;
  let clientId = "";
  let count = 0;
  const listening = new Set();

  // The server prints a link with the key behind the #, which browsers send to nobody.
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (key) {
    sessionStorage.setItem("key", key);
    history.replaceState(null, "", location.pathname);
  }
  sendForm.key.value = sessionStorage.getItem("key") || "";
  connectForm.sessionId.value = sessionStorage.getItem("session") || crypto.getRandomValues(new Uint32Array(2)).join("");

  const status = (state, text) => {
    $("status").dataset.state = state;
    $("status").textContent = text;
  };

  const show = (e) => {
    count++;
    $("count").textContent = count;
    if (e.lastEventId) $("last").textContent = e.lastEventId;
    const item = document.createElement("li");
    const head = document.createElement("div");
    const name = document.createElement("strong");
    name.textContent = e.type;
    const when = document.createElement("time");
    when.textContent = " " + new Date().toLocaleTimeString() + " ";
    const id = document.createElement("code");
    id.textContent = e.lastEventId;
    head.append(name, when, id);
    const data = document.createElement("pre");
    data.textContent = e.data;
    item.append(head, data);
    $("events").prepend(item);
    while ($("events").childElementCount > kept) $("events").lastElementChild.remove();
  };

  // EventSource tells only of events whose names were asked for.
  const listen = (name) => {
    if (!source || listening.has(name)) return;
    listening.add(name);
    source.addEventListener(name, show);
  };

  const disconnect = () => {
    if (source) source.close();
    source = null;
    listening.clear();
    status("closed", "not connected");
  };

  const connect = () => {
    disconnect();
    const query = new URLSearchParams({ sessionId: connectForm.sessionId.value });
    sessionStorage.setItem("session", connectForm.sessionId.value);
    if (connectForm.topics.value.trim()) query.set("topics", connectForm.topics.value.replaceAll(" ", ""));
    status("connecting", "connecting…");
    source = new EventSource("/api/sse?" + query);
    source.addEventListener("connection", (e) => {
      const data = JSON.parse(e.data);
      if (data.clientId) $("client").textContent = clientId = data.clientId;
      show(e);
    });
    source.addEventListener("heartbeat", () => ($("heartbeat").textContent = new Date().toLocaleTimeString()));
    for (const name of ["message", "notification", "alert", "update", "system", sendForm.event.value]) listen(name);
    source.onopen = () => status("open", "connected");
    source.onerror = (e) => {
      // The server's own error event has data; the browser's has none.
      if (e.data !== undefined) return show(e);
      if (source.readyState === EventSource.CLOSED) status("closed", "the server refused the stream");
      else status("connecting", "reconnecting…");
    };
  };

  connectForm.addEventListener("submit", (e) => {
    e.preventDefault();
    connect();
  });
  $("disconnect").addEventListener("click", disconnect);

  sendForm.addEventListener("submit", async (e) => {
    e.preventDefault();
    sessionStorage.setItem("key", sendForm.key.value);
    listen(sendForm.event.value);
    let data = sendForm.data.value;
    try {
      data = JSON.parse(data);
    } catch {
      // It is sent as text.
    }
    const event = { event: sendForm.event.value || "message", data };
    const to = sendForm.to.value;
    if (to === "session") event.sessionId = connectForm.sessionId.value;
    if (to === "client") event.clientIds = [clientId];
    if (to === "topics") event.topics = connectForm.topics.value.split(",").map((t) => t.trim());
    try {
      const response = await fetch("/api/sse", {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: "Bearer " + sendForm.key.value },
        body: JSON.stringify(event),
      });
      const answer = await response.json();
      $("answer").textContent = response.ok
        ? "queued for " + answer.eventsSent + (answer.eventsSent === 1 ? " stream" : " streams") + ", id " + answer.event.id
        : response.status + " " + (answer.detail || answer.code);
    } catch (error) {
      $("answer").textContent = String(error);
    }
  });

  connect();
})();
