-- A chat's buffer and its windows. The transcript stands above, the prompt is the text below the last header.
-- In: blocks to draw. Out: what stands in the prompt. While an answer comes the buffer is locked and keeps no undo, so
-- that `u` never tears an answer apart; afterwards undo begins with the next prompt.
-- Never here: the server, what blocks mean. The cursor moves only where it stood on the last line.

local folds = require('pi.chat.folds')
local render = require('pi.chat.render')

local M = {}

---@class pi.View
---@field buf integer
---@field drawn string[] Lines of the turn that is being drawn
---@field turn_mark? integer Where that turn begins
---@field prompt_mark? integer The header above the prompt
---@field folded table<string, true> Blocks of the turn that have been folded

local namespace = vim.api.nvim_create_namespace('pi.chat')
local usage_namespace = vim.api.nvim_create_namespace('pi.chat.usage')

local function line_count(view) return vim.api.nvim_buf_line_count(view.buf) end

-- At the beginning of a line, and staying there when text is put in front of what follows.
local function mark(view, row, id)
  return vim.api.nvim_buf_set_extmark(view.buf, namespace, row, 0, { id = id, right_gravity = false })
end

local function row_of(view, id)
  local position = vim.api.nvim_buf_get_extmark_by_id(view.buf, namespace, id, {})
  return position[1] or 0
end

local function set_lines(view, from, to, lines)
  vim.bo[view.buf].modifiable = true
  vim.api.nvim_buf_set_lines(view.buf, from, to, false, lines)
end

-- Windows whose cursor is on the last line follow what is added.
local function followers(view)
  local found, last = {}, line_count(view)
  for _, win in ipairs(vim.fn.win_findbuf(view.buf)) do
    found[win] = vim.api.nvim_win_get_cursor(win)[1] == last or nil
  end
  return found
end

-- With the last line at the bottom, so that as much as there is room for is seen above it.
local function to_bottom(win)
  vim.api.nvim_win_call(win, function() vim.cmd('normal! zb') end)
end

local function follow(view, windows)
  local last = line_count(view)
  for win in pairs(windows) do
    vim.api.nvim_win_set_cursor(win, { last, 0 })
    to_bottom(win)
  end
end

-- No undo over what the server writes.
local function lock(view)
  vim.bo[view.buf].undolevels = -1
  vim.bo[view.buf].modifiable = false
end

local function unlock(view)
  vim.bo[view.buf].modifiable = true
  -- The value that stands for "as it is set globally".
  vim.bo[view.buf].undolevels = -123456
end

---@param buf integer
---@return pi.View
function M.new(buf)
  local view = { buf = buf, drawn = {}, folded = {} }
  M.clear(view)
  return view
end

local function show_prompt(view, text)
  local windows = followers(view)
  local from = view.turn_mark and row_of(view, view.turn_mark) + #view.drawn or 0
  local lines = { render.YOU, '' }
  vim.list_extend(lines, vim.split(text, '\n', { plain = true }))
  set_lines(view, from, -1, lines)
  view.prompt_mark = mark(view, from, view.prompt_mark)
  follow(view, windows)
  unlock(view)
end

-- An empty chat.
---@param view pi.View
function M.clear(view)
  lock(view)
  vim.api.nvim_buf_clear_namespace(view.buf, namespace, 0, -1)
  folds.forget(view.buf)
  view.turn_mark, view.prompt_mark, view.drawn = nil, nil, {}
  set_lines(view, 0, -1, {})
  show_prompt(view, '')
end

local function prompt_row(view)
  local row = row_of(view, view.prompt_mark)
  local header = vim.api.nvim_buf_get_lines(view.buf, row, row + 1, false)[1]
  return header == render.YOU and row + 1 or row
end

---@param view pi.View
---@return string
function M.prompt(view)
  return vim.trim(table.concat(vim.api.nvim_buf_get_lines(view.buf, prompt_row(view), -1, false), '\n'))
end

---@param view pi.View
---@param text string
function M.set_prompt(view, text)
  local lines = vim.split('\n' .. text, '\n', { plain = true })
  set_lines(view, prompt_row(view), -1, lines)
  for _, win in ipairs(vim.fn.win_findbuf(view.buf)) do
    vim.api.nvim_win_set_cursor(win, { line_count(view), #lines[#lines] })
  end
end

-- Lock the buffer, and make what stands from the last header on a turn.
---@param view pi.View
function M.begin(view)
  lock(view)
  view.turn_mark = mark(view, row_of(view, view.prompt_mark))
  view.drawn = vim.api.nvim_buf_get_lines(view.buf, row_of(view, view.turn_mark), -1, false)
  view.folded = {}
end

local function first_difference(one, other)
  local index = 1
  while one[index] ~= nil and one[index] == other[index] do
    index = index + 1
  end
  return index
end

local function fold_complete(view, blocks)
  local row, windows = row_of(view, view.turn_mark), nil
  for _, block in ipairs(blocks) do
    if block.fold and not view.folded[block.key] then
      view.folded[block.key] = true
      windows = windows or followers(view)
      folds.add(view.buf, row + block.row, row + #block.lines - 2)
    end
    row = row + #block.lines
  end
  follow(view, windows or {})
end

-- Bring the turn's lines up to date: from the first line that differs.
---@param view pi.View
---@param blocks pi.Rendered[]
function M.draw(view, blocks)
  local lines = render.lines(blocks)
  local from = first_difference(view.drawn, lines)
  if from <= #lines or from <= #view.drawn then
    local windows = followers(view)
    local start = row_of(view, view.turn_mark)
    set_lines(view, start + from - 1, start + #view.drawn, vim.list_slice(lines, from))
    view.drawn = lines
    follow(view, windows)
    lock(view)
  end
  fold_complete(view, blocks)
end

-- The turn is over: a header for the next prompt, with this text below it.
---@param view pi.View
---@param prompt string
function M.finish(view, prompt) show_prompt(view, prompt) end

-- At the right of the answer's header: what it took.
---@param view pi.View
---@param blocks pi.Rendered[]
---@param text string
function M.note(view, blocks, text)
  local row = row_of(view, view.turn_mark) + #blocks[1].lines - 2
  vim.api.nvim_buf_set_extmark(view.buf, usage_namespace, row, 0, {
    virt_text = { { text, 'PiUsage' } },
    virt_text_pos = 'right_align',
  })
end

-- Cursor to the prompt, in every window that shows it.
---@param view pi.View
function M.to_prompt(view)
  for _, win in ipairs(vim.fn.win_findbuf(view.buf)) do
    vim.api.nvim_win_set_cursor(win, { line_count(view), 0 })
  end
end

return M
