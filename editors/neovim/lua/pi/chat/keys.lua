-- Keys of chat buffers. In: options. Out: maps in one buffer. Never here: a global key.

local config = require('pi.config')
local float = require('pi.float')
local render = require('pi.chat.render')

local M = {}

local function chat() return require('pi.chat') end
local function code() return require('pi.chat.code') end

local function go(flags)
  return function() vim.fn.search('^## ', flags) end
end

---@type table<string, { run: fun(session: pi.Session), about: string }>
local actions = {
  send = { run = function(session) chat().send(session) end, about = 'Send the prompt' },
  stop = { run = function(session) chat().stop(session) end, about = 'Stop the answer; what came is kept' },
  models = { run = function() require('pi.models').pick() end, about = 'Choose a model' },
  yank_code = { run = function() code().yank() end, about = 'Yank the code block under the cursor' },
  insert_code = { run = function(session) code().insert(session) end, about = 'Insert it where you worked' },
  diff_code = { run = function(session) code().diff(session) end, about = 'Compare it with what it replaces' },
  next_header = { run = go('W'), about = 'Next header' },
  previous_header = { run = go('bW'), about = 'Previous header' },
  help = { run = function() M.help() end, about = 'These keys' },
}

local ORDER = {
  'send',
  'stop',
  'models',
  'yank_code',
  'insert_code',
  'diff_code',
  'next_header',
  'previous_header',
  'help',
}

---@param session pi.Session
function M.map(session)
  for name, action in pairs(actions) do
    for _, key in ipairs(config.get().keys[name] or {}) do
      local mode, lhs = key:match('^(%a) (.+)$')
      if mode then
        local options = { buffer = session.view.buf, desc = 'pi: ' .. action.about }
        vim.keymap.set(mode, lhs, function() action.run(session) end, options)
      end
    end
  end
end

local function help_lines()
  local lines = {}
  for _, name in ipairs(ORDER) do
    local keys = config.get().keys[name] or {}
    local names = vim.tbl_map(function(key) return (key:gsub('^i (.*)', '%1 (insert)'):gsub('^n ', '')) end, keys)
    lines[#lines + 1] = ('%-24s %s'):format(table.concat(names, ', '), actions[name].about)
  end
  return vim.list_extend(lines, {
    '',
    ('The prompt is the text below the last `%s`.'):format(render.YOU),
    '@path, @path:10-20, @buffer and @diagnostics go along; <C-x><C-u> completes.',
    '/login, /logout, /model and /new do what they say.',
  })
end

function M.help()
  local window
  local function close() window.close() end
  window = float.open({
    title = 'Keys',
    lines = help_lines(),
    footer = 'q close',
    keys = { { 'n q', close }, { 'n <Esc>', close }, { 'n <CR>', close } },
  })
end

return M
