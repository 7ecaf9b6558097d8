// @vitest-environment node
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const client = resolve(import.meta.dirname, "..");
const readme = readFileSync(resolve(client, "README.md"), "utf8");

/** The examples by the file that their first line names, or by their place. */
function examples(): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, language, code = ""] of readme.matchAll(/^```(tsx?)\n(.*?)^```$/gms)) {
    const [, name] = /^\/\/ (\S+\.tsx?)\n/.exec(code) ?? [];
    const line = readme.slice(0, readme.indexOf(code)).split("\n").length;
    found.set(resolve(client, "readme", name ?? `line-${line}.${language}`), code);
  }
  return found;
}

const parsed = new Map<string, ts.SourceFile | undefined>(); // the library's, the package's and React's

/** What the compiler has to say of the examples, with the settings that Next.js gives an app. */
function check(files: Map<string, string>): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    jsx: ts.JsxEmit.ReactJSX,
    types: ["node"],
    typeRoots: [resolve(client, "../node_modules/@types")],
    baseUrl: client,
    paths: { "@/*": ["readme/*"], sseactor: ["src/index.ts"], "sseactor/*": ["src/*.ts"] },
  };
  const host = ts.createCompilerHost(options);
  const { directoryExists, fileExists, readFile, getSourceFile } = host;
  const there = resolve(client, "readme"); // where the examples would be
  host.directoryExists = (name) => name.startsWith(there) || (directoryExists?.(name) ?? false);
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  host.getSourceFile = (name, target, ...rest) => {
    const code = files.get(name);
    if (code !== undefined) return ts.createSourceFile(name, code, target);
    if (!parsed.has(name)) parsed.set(name, getSourceFile(name, target, ...rest));
    return parsed.get(name);
  };
  const program = ts.createProgram(
    [...files.keys(), resolve(client, "test/readme-modules.d.ts")],
    options,
    host,
  );
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const at =
      file &&
      `${file.fileName.slice(client.length + 1)}:${file.getLineAndCharacterOfPosition(start).line + 1}: `;
    return (at ?? "") + ts.flattenDiagnosticMessageText(messageText, "\n");
  });
}

describe("the README", () => {
  it("has examples, and each compiles", { timeout: 60_000 }, () => {
    const files = examples();
    expect(files.size).toBeGreaterThan(15);
    expect(check(files)).toEqual([]);
    // That a fault would be found, in each of them.
    const broken = new Map(
      [...files].map(([name, code]) => [
        name,
        `${code}\nimport { no } from "sseactor/server";\nconst n: number = "";`,
      ]),
    );
    expect(check(broken).filter((fault) => fault.includes("not assignable to type 'number'"))).toHaveLength(
      files.size,
    );
  });

  it("names each option and result of useSSE, and each call and option of ./server, and no others", () => {
    const types = (file: string, ...names: string[]): string[] =>
      names.flatMap((name) => members(resolve(client, "src", file), name)).sort();
    const rows = (heading: string): string[] => {
      const table = readme.split(`\n| ${heading} | `)[1]?.split("\n\n")[0] ?? "";
      const cells = table
        .split("\n")
        .slice(2)
        .map((row) => row.split(" | ")[0] ?? "");
      return cells
        .flatMap((cell) => [...cell.matchAll(/`([a-zA-Z]+)/g)].map(([, name]) => name ?? ""))
        .sort();
    };
    expect(rows("option")).toEqual(
      [
        ...types("types.ts", "Handlers", "MutableOptions", "ClientOptions"),
        ...types("react.ts", "UseSSEOptions"),
      ].sort(),
    );
    expect(rows("result")).toEqual(
      [...types("types.ts", "Snapshot"), "connect", "disconnect", "sendEvent"].sort(),
    );
    expect(rows("call")).toEqual(types("server/utils.ts", "SSEUtils"));
    expect(rows("option of a send")).toEqual(types("server/types.ts", "Target", "NotificationOptions"));
    expect(rows("option of `createSSEUtils`")).toEqual(
      [...types("server/utils.ts", "SSEUtilsOptions"), ...types("server/config.ts", "Service")].sort(),
    );
  });
});

/** The names of an interface's own members. */
function members(file: string, name: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2022);
  const found = source.statements.find(
    (s): s is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(s) && s.name.text === name,
  );
  if (found === undefined) throw new Error(`${file} has no interface ${name}`);
  return found.members.map((member) => (member.name as ts.Identifier).text);
}
