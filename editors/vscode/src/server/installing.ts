// Which commands install the server. In: the tools that are on the machine, and what to install. Out: command lines for
// a POSIX shell. Never here: a shell; a name with a line break in it, which would be run at once.

export interface Tools {
  readonly pipx: string | undefined;
  readonly uv: string | undefined;
  readonly python: string | undefined;
  /** The interpreter that is chosen in the Python extension */
  readonly interpreter: string | undefined;
}

export interface InstallTool {
  readonly label: string;
  readonly detail: string;
  /** Words and shell text; `{}` is where the package goes */
  readonly template: string;
}

export const PACKAGE = 'pi-server';

/** The best first */
export function installTools(tools: Tools): readonly InstallTool[] {
  const found: InstallTool[] = [];
  if (tools.pipx) {
    found.push({
      label: 'pipx',
      detail: 'An environment of its own; pi is then on the PATH of terminals too',
      template: `${quoted(tools.pipx)} install {}`,
    });
  }
  if (tools.uv) {
    found.push({
      label: 'uv tool',
      detail: 'An environment of its own; pi is then on the PATH of terminals too',
      template: `${quoted(tools.uv)} tool install {}`,
    });
  }
  if (tools.interpreter) {
    found.push({
      label: 'pip, into the selected interpreter',
      detail: tools.interpreter,
      template: `${quoted(tools.interpreter)} -m pip install {}`,
    });
  }
  if (tools.python) {
    const home = '"$HOME/.local/share/pi-server"';
    found.push({
      label: 'Python alone',
      detail: 'An environment in ~/.local/share/pi-server, and a link to it in ~/.local/bin',
      template:
        `${quoted(tools.python)} -m venv ${home} && ${home}/bin/pip install {} && mkdir -p "$HOME/.local/bin" && ` +
        `ln -sf ${home}/bin/pi "$HOME/.local/bin/pi"`,
    });
  }
  return found;
}

export function installCommand(tool: InstallTool, source: string): string {
  return tool.template.replace('{}', () => quoted(source));
}

/** Whether a folder's `pyproject.toml` is that of the server */
export function isClone(pyproject: string): boolean {
  return /^\s*name\s*=\s*["']pi-server["']/m.test(pyproject);
}

/** One word for a POSIX shell and for fish. Throws where a terminal would take a part of it for Enter. */
export function quoted(word: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are refused
  if (/[\u0000-\u001f\u007f]/.test(word))
    throw new Error('The name of that folder has a control character in it');
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
