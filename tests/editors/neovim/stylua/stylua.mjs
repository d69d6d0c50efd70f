// Formats Lua as editors/neovim/stylua.toml says.
// In: `node stylua.mjs [--check] FILE…`. Out: files written anew, or with --check a difference's file name and status 1.
// Never here: a setting of its own; it reads the four that the file has.

import { readFileSync, writeFileSync } from 'node:fs'
import {
  CollapseSimpleStatement,
  Config,
  IndentType,
  LuaVersion,
  OutputVerification,
  QuoteStyle,
  formatCode,
} from '@johnnymorganz/stylua'

const settings = Object.fromEntries(
  readFileSync(new URL('../../../../editors/neovim/stylua.toml', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line.includes('='))
    .map((line) => line.split('=').map((part) => part.trim().replaceAll('"', ''))),
)
// One for each file: the formatter takes it for good.
function config() {
  const config = Config.new()
  config.syntax = LuaVersion.LuaJIT
  config.column_width = Number(settings.column_width)
  config.indent_type = IndentType[settings.indent_type]
  config.indent_width = Number(settings.indent_width)
  config.quote_style = QuoteStyle[settings.quote_style]
  config.collapse_simple_statement = CollapseSimpleStatement[settings.collapse_simple_statement]
  return config
}

const check = process.argv.includes('--check')
for (const file of process.argv.slice(2).filter((argument) => argument !== '--check')) {
  const before = readFileSync(file, 'utf8')
  const after = formatCode(before, config(), undefined, OutputVerification.None)
  if (before === after) continue
  if (check) {
    console.log(`${file} is not formatted; run: make format-lua`)
    process.exitCode = 1
  } else writeFileSync(file, after)
}
