// The client library of VS Code under plain Node, as an extension would use it.
// In: `node client.mjs SCENARIO SERVER…`. Out: one JSON object a line on stdout; an uncaught error ends it with status 1.

import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  CancellationTokenSource,
  ConfigurationRequest,
  createProtocolConnection,
  DidChangeConfigurationNotification,
  ExecuteCommandRequest,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  LogMessageNotification,
  ShowDocumentRequest,
  ShowMessageNotification,
  ShowMessageRequest,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver-protocol/node";

const [scenario, program, ...args] = process.argv.slice(2);
const server = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
const said = [];
server.stderr.setEncoding("utf8").on("data", (text) => said.push(text));

const trouble = [];
const note = (message) => trouble.push(message);
const connection = createProtocolConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin), {
  error: note,
  warn: note,
  info: note,
  log: note,
});
connection.onError(([error]) => note(String(error)));
connection.onUnhandledNotification((message) => note(`unhandled: ${message.method}`));

const heard = [];
const waiting = [];
function hear(method, params) {
  heard.push({ method, params });
  waiting.splice(0).forEach((wake) => wake());
}
for (const method of ["pi/chat/event", "pi/auth/changed", "pi/login/updated", "pi/models/changed"])
  connection.onNotification(method, (params) => hear(method, params));
for (const { type } of [ShowMessageNotification, LogMessageNotification])
  connection.onNotification(type, (params) => hear(type.method, params));

const all = (method) => heard.filter((one) => one.method === method).map((one) => one.params);
const events = (turnId) => all("pi/chat/event").filter((one) => one.turnId === turnId);

async function until(condition) {
  while (!condition()) await new Promise((wake) => waiting.push(wake));
}

const choices = [];
connection.onRequest(ShowMessageRequest.type, ({ actions }) => {
  const wanted = choices.shift();
  return actions.find((action) => wanted && action.title.includes(wanted)) ?? null;
});
connection.onRequest(ConfigurationRequest.type, ({ items }) => items.map(() => ({ model: "anthropic/claude-haiku-4-5" })));

// A person with a browser, who allows everything.
connection.onRequest(ShowDocumentRequest.type, ({ uri }) => {
  const form = { method: "POST", body: "decision=allow", redirect: "manual" };
  fetch(uri, form).then((answer) => fetch(answer.headers.get("location").replace("//localhost:", "//127.0.0.1:")));
  return { success: true };
});

async function failure(promise) {
  const { code, message, data } = await promise.then(
    () => ({ message: "nothing failed" }),
    (error) => error,
  );
  return { code, message, data };
}

async function initialize() {
  connection.listen();
  const capabilities = { window: { showDocument: { support: true } }, workspace: { configuration: true } };
  const result = await connection.sendRequest(InitializeRequest.type, { processId: process.pid, rootUri: null, capabilities });
  await connection.sendNotification(InitializedNotification.type, {});
  return result;
}

async function stop() {
  await connection.sendRequest(ShutdownRequest.type);
  const exited = once(server, "exit");
  await connection.sendNotification(ExitNotification.type);
  const [code, signal] = await exited;
  return { code, signal };
}

const execute = (command, ...given) => connection.sendRequest(ExecuteCommandRequest.type, { command, arguments: given });
const chat = (params, ...token) => connection.sendRequest("pi/chat", params, ...token);

const scenarios = {
  // Sign in, choose a model, chat and sign out; the browser's redirect comes while the client does other things.
  async session() {
    choices.push("Anthropic", "browser", "haiku");
    const login = await execute("pi.login");
    await until(() => all("window/showMessage").length > 1);
    const model = await execute("pi.selectModel");
    const answer = await chat({ turnId: "t", prompt: "say 50 words" });
    const logout = await connection.sendRequest("pi/logout", { provider: "anthropic" });
    const refused = await failure(chat({ prompt: "hello" }));
    return { login, model, answer, events: events("t"), logout, refused, heard };
  },

  // However the library writes "no params": omitted, `[null]`, `{}`, `[[]]`, `[{}, null]`.
  async no_params() {
    const answers = [
      await connection.sendRequest("pi/providers"),
      await connection.sendRequest("pi/providers", undefined),
      await connection.sendRequest("pi/providers", null),
      await connection.sendRequest("pi/providers", {}),
      await connection.sendRequest("pi/providers", []),
      await connection.sendRequest("pi/providers", {}, undefined),
    ];
    return { answers };
  },

  // A cancellation token in the middle of an answer, and one that was cancelled before it was sent.
  async cancels() {
    const source = new CancellationTokenSource();
    const turn = failure(chat({ turnId: "cut", prompt: "say 5000 words" }, source.token));
    await until(() => events("cut").some(({ event }) => event.type === "text"));
    source.cancel();
    const cut = await turn;
    const wait = new CancellationTokenSource();
    const attempt = await connection.sendRequest("pi/login/start", { provider: "anthropic" });
    const waited = failure(connection.sendRequest("pi/login/wait", { loginId: attempt.loginId }, wait.token));
    wait.cancel();
    const abandoned = await waited;
    const ended = await connection.sendRequest("pi/login/cancel", { loginId: attempt.loginId });
    return { cut, events: events("cut"), abandoned, ended };
  },

  // 200 KB there and back at once in many turns, and small requests between them.
  async large() {
    const text = "äöü 🙂 {\"\\\"} ".repeat(15000);
    const seed = [{ id: "m", role: "user", content: [{ type: "text", text }], createdAt: 1 }];
    const answer = { id: "n", role: "assistant", content: [{ type: "text", text: "Yes" }], createdAt: 2 };
    const turns = Array.from({ length: 8 }, (_, n) =>
      chat({ turnId: `t${n}`, prompt: `say ${300 + n} words`, messages: [...seed, answer], ephemeral: true }),
    );
    const kept = chat({ turnId: "kept", prompt: text });
    const healths = await Promise.all(turns.map(() => connection.sendRequest("pi/health")));
    const answers = await Promise.all(turns);
    const { chatId } = await kept;
    const read = await connection.sendRequest("pi/chat/read", { chatId });
    return {
      sent: new Blob([text]).size,
      turns: answers.map(({ turnId, message }) => ({ message, events: events(turnId) })),
      healths: healths.length,
      same: read.messages[0].content[0].text === text,
    };
  },

  // The settings are asked for when they change without saying how.
  async settings() {
    await connection.sendNotification(DidChangeConfigurationNotification.type, { settings: null });
    let known;
    do known = (await connection.sendRequest("pi/models")).defaultModel;
    while (known !== "anthropic/claude-haiku-4-5");
    return { known };
  },

  // For a server that prints on stdout: nothing of it may come between the messages.
  async prints() {
    const answers = [];
    for (const turnId of ["a", "b", "c"]) answers.push(await chat({ turnId, prompt: "print" }));
    return { answers, events: events("c") };
  },
};

const { capabilities } = await initialize();
const result = await scenarios[scenario]();
const exited = await stop();
console.log(JSON.stringify({ ...result, pi: capabilities.experimental.pi, exited, trouble, stderr: said.join("") }));
