-- Code blocks of a chat: yanked, inserted, or put beside what they replace, as a diff.
-- In: a chat's lines and cursor. Out: text in registers and in the person's buffers, each change one undo step.
-- Never here: a file written to disk.

local work = require('pi.chat.work')

local M = {}

---@class pi.CodeBlock
---@field lines string[]
---@field language string
---@field first integer Row of the opening fence, from 0
---@field last integer Row of the closing fence

-- The fenced block around a row; an unfinished one ends with the text. Pure.
---@param lines string[]
---@param row integer From 0
---@return pi.CodeBlock|nil
function M.block_at(lines, row)
  local opening, first
  for index, line in ipairs(lines) do
    local ticks, rest = line:match('^%s*(```+)(.*)$')
    if ticks and not opening and not rest:find('`') then
      opening, first = ticks, index
    elseif ticks and opening and #ticks >= #opening and vim.trim(rest) == '' then
      if row + 1 >= first and row + 1 <= index then
        local language = lines[first]:match('^%s*`+%s*(%S*)')
        return {
          lines = vim.list_slice(lines, first + 1, index - 1),
          language = language,
          first = first - 1,
          last = index - 1,
        }
      end
      opening = nil
    end
  end
end

-- The block under the cursor, else the last one above it.
local function here()
  local lines = vim.api.nvim_buf_get_lines(0, 0, -1, false)
  for row = vim.api.nvim_win_get_cursor(0)[1] - 1, 0, -1 do
    local block = M.block_at(lines, row)
    if block then
      return block
    end
  end
  vim.notify('pi: There is no code block here or above')
end

function M.yank()
  local block = here()
  if block then
    vim.fn.setreg(vim.v.register, block.lines, 'V')
    vim.notify(('pi: Yanked %d lines'):format(#block.lines))
  end
end

-- Where code goes: the buffer that lines came from, else the one worked in last.
local function target_buffer(session)
  local target = session.target
  local buf = target and vim.api.nvim_buf_is_valid(target.buf) and target.buf or work.buffer()
  if not buf then
    vim.notify('pi: There is no buffer to put it into; open a file first', vim.log.levels.WARN)
  end
  return buf
end

---@param session pi.Session
function M.insert(session)
  local block = here()
  local buf = block and target_buffer(session)
  if not buf then
    return
  end
  local win = vim.fn.bufwinid(buf)
  local row = win ~= -1 and vim.api.nvim_win_get_cursor(win)[1] or vim.api.nvim_buf_line_count(buf)
  vim.api.nvim_buf_set_lines(buf, row, row, false, block.lines)
  vim.notify(('pi: Inserted %d lines below line %d'):format(#block.lines, row))
end

local function proposal_lines(buf, first, last, lines)
  local whole = vim.api.nvim_buf_get_lines(buf, 0, first, false)
  vim.list_extend(whole, lines)
  return vim.list_extend(whole, vim.api.nvim_buf_get_lines(buf, last, -1, false))
end

local function proposal_buffer(buf, lines)
  local proposal = vim.api.nvim_create_buf(false, true)
  vim.bo[proposal].bufhidden, vim.bo[proposal].swapfile = 'wipe', false
  vim.api.nvim_buf_set_lines(proposal, 0, -1, false, lines)
  vim.bo[proposal].filetype = vim.bo[buf].filetype
  return proposal
end

-- A tab page with the buffer at the left and what it would become at the right. `<CR>` takes it over, `q` leaves it;
-- `do` and `dp` work as ever.
local function open_diff(buf, lines)
  vim.cmd('tab split')
  vim.api.nvim_win_set_buf(0, buf)
  vim.wo.winbar = ' as it is'
  vim.cmd('diffthis')
  local proposal = proposal_buffer(buf, lines)
  vim.api.nvim_open_win(proposal, true, { split = 'right' })
  vim.wo.winbar = ' as proposed · <CR> take it · q leave it'
  vim.cmd('diffthis')
  local function close() vim.cmd('diffoff! | tabclose') end
  vim.keymap.set('n', 'q', close, { buffer = proposal, nowait = true })
  vim.keymap.set('n', '<CR>', function()
    local taken = vim.api.nvim_buf_get_lines(proposal, 0, -1, false)
    vim.api.nvim_buf_set_lines(buf, 0, -1, false, taken)
    close()
    vim.notify('pi: Applied; undo takes it back')
  end, { buffer = proposal, nowait = true })
end

---@param session pi.Session
function M.diff(session)
  local block = here()
  local buf = block and target_buffer(session)
  if buf then
    local first, last = work.rows(session.target, buf)
    open_diff(buf, proposal_lines(buf, first, last, block.lines))
  end
end

return M
