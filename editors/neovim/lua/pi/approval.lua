-- The agent asks whether a tool may run: the question with the diff in view, and its options.
-- In: `pi/approve`. Out: the id of an option, once. Left without an answer, the option that rejects once is taken.
-- Never here: a decision that nobody made. Questions that come together wait for one another.

local float = require('pi.float')

local M = {}

local waiting = {}
local open

local function option_lines(options)
  local lines = {}
  for index, option in ipairs(options) do
    lines[index] = ('  %d  %s'):format(index, option.label)
  end
  return lines
end

-- The first option of the kinds, in their order of preference.
local function option_of_kind(options, ...)
  for _, kind in ipairs({ ... }) do
    for _, option in ipairs(options) do
      if option.kind == kind then
        return option
      end
    end
  end
end

local function body(params)
  local lines = vim.split(params.title, '\n', { plain = true })
  if params.diff and params.diff ~= '' then
    vim.list_extend(lines, { '' })
    vim.list_extend(lines, vim.split((params.diff:gsub('\n$', '')), '\n', { plain = true }))
  end
  return vim.list_extend(lines, { '' })
end

local DIFF_GROUPS = { ['+'] = 'Added', ['-'] = 'Removed', ['@'] = 'PiHint' }

local function colour(window, lines, from)
  for index = from, #lines do
    local group = DIFF_GROUPS[lines[index]:sub(1, 1)]
    if group then
      window.highlight(index - 1, group)
    end
  end
end

local next_question

local function over(question)
  if open == question then
    open = nil
    vim.schedule(next_question)
  end
end

local function keys_of(question, choose)
  local options = question.params.options
  local reject = option_of_kind(options, 'rejectOnce', 'rejectAlways')
  local function refuse() choose(reject) end
  local keys = { { 'n q', refuse }, { 'n <Esc>', refuse }, { 'n <C-c>', refuse } }
  for index, option in ipairs(options) do
    keys[#keys + 1] = { 'n ' .. index, function() choose(option) end }
  end
  return keys, refuse
end

local function show(question)
  local options = question.params.options
  local lines = body(question.params)
  local first_option = #lines + 1
  vim.list_extend(lines, option_lines(options))
  local window
  local function choose(option)
    if not question.done and option then
      question.done = true
      window.close()
      question.respond(option.id)
      over(question)
    end
  end
  local keys, refuse = keys_of(question, choose)
  keys[#keys + 1] = {
    'n <CR>',
    function() choose(options[vim.api.nvim_win_get_cursor(window.win)[1] - first_option + 1]) end,
  }
  window = float.open({
    title = 'May ' .. question.params.tool .. ' do this?',
    lines = lines,
    footer = ('1–%d or <CR> choose · q refuse'):format(#options),
    keys = keys,
    on_close = refuse,
  })
  vim.wo[window.win].cursorline = true
  vim.api.nvim_win_set_cursor(window.win, { first_option, 0 })
  colour(window, lines, 2)
  question.close = window.close
end

next_question = function()
  if not open and #waiting > 0 then
    open = table.remove(waiting, 1)
    show(open)
  end
end

---@param params pi.ApproveParams
---@param respond fun(option_id: string)
---@return fun() withdraw Close it unanswered
function M.ask(params, respond)
  require('pi.highlights').ensure()
  local question = { params = params, respond = respond }
  table.insert(waiting, question)
  next_question()
  return function()
    question.done = true
    waiting = vim.tbl_filter(function(one) return one ~= question end, waiting)
    if question.close then
      question.close()
    end
    over(question)
  end
end

return M
