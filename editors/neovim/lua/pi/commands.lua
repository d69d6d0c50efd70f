-- `:Pi {subcommand}`: the table of them, and completion.
-- In: what was typed. Out: calls. Never here: what a subcommand does; a code or a key, which history would keep.

local M = {}

---@class pi.Call
---@field rest string What follows the subcommand
---@field words string[]
---@field bang boolean
---@field selection? pi.Selection

-- What the server named when it started, else those that every server has.
local function provider_ids()
  return require('pi.server').state().providers or { 'anthropic', 'github-copilot', 'openai' }
end

local METHODS = { 'apiKey', 'browser', 'deviceCode', 'pasteCode' }

---@type table<string, { run: fun(call: pi.Call), about: string, complete?: fun(words: string[]): string[] }>
M.subcommands = {
  ask = {
    run = function(call) require('pi.chat').ask(call.rest, call.selection) end,
    about = 'Ask in the chat; takes a range',
  },
  chat = {
    run = function(call)
      local chat = require('pi.chat')
      return call.selection and chat.ask('', call.selection) or chat.open()
    end,
    about = 'Open the chat; takes a range',
  },
  chats = { run = function(call) require('pi.chat.history').pick(call.bang) end, about = 'Open a kept chat' },
  log = { run = function() require('pi').log() end, about = 'What the server had to say' },
  login = {
    run = function(call) require('pi.auth').login({ provider = call.words[1], method = call.words[2] }) end,
    about = 'Sign in',
    complete = function(words) return #words < 2 and provider_ids() or METHODS end,
  },
  logout = {
    run = function(call) require('pi.auth').logout(call.words[1]) end,
    about = 'Sign out',
    complete = function(words) return #words < 2 and provider_ids() or {} end,
  },
  models = { run = function() require('pi.models').pick() end, about = 'Choose a model' },
  new = { run = function() require('pi.chat').new() end, about = 'Begin another chat' },
  restart = { run = function() require('pi').restart() end, about = 'Restart the server' },
  status = { run = function() require('pi.report').show() end, about = 'Server, sign-ins, model' },
  stop = { run = function() require('pi').stop() end, about = 'Stop the answer; what came is kept' },
}

local function names()
  local found = vim.tbl_keys(M.subcommands)
  table.sort(found)
  return found
end

---@param call table As `nvim_create_user_command` gives it
function M.run(call)
  local name, rest = vim.trim(call.args):match('^(%S*)%s*(.*)$')
  local subcommand = M.subcommands[name == '' and 'chat' or name]
  if not subcommand then
    local nearest = require('pi.config').nearest(name, names())
    local message = ('pi: There is no `:Pi %s`; did you mean `:Pi %s`?'):format(name, nearest)
    return vim.notify(message, vim.log.levels.ERROR)
  end
  local selection = call.range > 0
      and { buf = vim.api.nvim_get_current_buf(), first = call.line1, last = call.line2 }
    or nil
  subcommand.run({
    rest = rest,
    words = vim.split(rest, '%s+', { trimempty = true }),
    bang = call.bang,
    selection = selection,
  })
end

---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local typed = line:match('Pi!?%s+(.*)$') or ''
  local name, rest = typed:match('^(%S+)%s+(.*)$')
  local subcommand = M.subcommands[name]
  local words = not name and names() or {}
  if subcommand and subcommand.complete then
    words = subcommand.complete(vim.split(rest .. 'x', '%s+', { trimempty = true }))
  end
  return vim.tbl_filter(function(word) return vim.startswith(word, lead) end, words)
end

return M
