-- What goes along with a prompt: files named as `@path`, `@path:10-20`, the buffer, its diagnostics.
-- In: the prompt's text, and the buffer that the person worked in. Out: `context` items and their names.
-- Never here: reading a file; the server does that, and a buffer's unsaved text is sent as it stands.

local M = {}

---@class pi.Piece
---@field item pi.ContextItem
---@field name string

local function uri_of(buf)
  local name = vim.api.nvim_buf_get_name(buf)
  return name ~= '' and vim.uri_from_fname(vim.fn.fnamemodify(name, ':p')) or ('buffer:/%d'):format(buf)
end

local function short_name(buf)
  local name = vim.api.nvim_buf_get_name(buf)
  return name ~= '' and vim.fn.fnamemodify(name, ':.') or ('unnamed buffer %d'):format(buf)
end

local function span(first, last)
  return { start = { line = first - 1, character = 0 }, ['end'] = { line = last, character = 0 } }
end

-- Lines of a buffer, counted from 1; all of it without `first`.
---@param buf integer
---@param first? integer
---@param last? integer
---@return pi.Piece
function M.of_buffer(buf, first, last)
  local count = vim.api.nvim_buf_line_count(buf)
  local from, to = math.max(first or 1, 1), math.min(last or count, count)
  local text = table.concat(vim.api.nvim_buf_get_lines(buf, from - 1, to, false), '\n')
  local item = { uri = uri_of(buf), text = text, range = first and span(from, to) or nil }
  local lines = first and (':%d-%d'):format(from, to) or ''
  return { item = item, name = short_name(buf) .. lines }
end

local SEVERITY = { 'error', 'warning', 'information', 'hint' }

---@param buf integer
---@return pi.Piece|nil
function M.of_diagnostics(buf)
  local lines = {}
  for _, one in ipairs(vim.diagnostic.get(buf)) do
    local text = ('line %d: %s: %s'):format(one.lnum + 1, SEVERITY[one.severity], one.message:gsub('\n', ' '))
    lines[#lines + 1] = one.source and ('%s (%s)'):format(text, one.source) or text
  end
  if #lines == 0 then
    return nil
  end
  local item = { uri = uri_of(buf), text = table.concat(lines, '\n'), label = 'diagnostics' }
  return { item = item, name = 'diagnostics of ' .. short_name(buf) }
end

local function of_path(path, first, last)
  local full = vim.fn.fnamemodify(vim.fs.normalize(path), ':p')
  local buf = vim.fn.bufnr(full)
  if buf ~= -1 and vim.api.nvim_buf_is_loaded(buf) and vim.api.nvim_buf_get_name(buf) == full then
    return M.of_buffer(buf, first, last)
  end
  local stat = vim.uv.fs_stat(full)
  if not stat or stat.type ~= 'file' then
    return nil
  end
  local item = { uri = vim.uri_from_fname(full), range = first and span(first, last) or nil }
  return { item = item, name = path .. (first and (':%d-%d'):format(first, last) or '') }
end

-- `path`, `path:7`, `path:7-9`.
local function parse(word)
  local path, first, last = word:match('^(.-):(%d+)%-(%d+)$')
  if not path then
    path, first = word:match('^(.-):(%d+)$')
  end
  return path or word, tonumber(first), tonumber(last or first)
end

local function of_word(word, buf)
  if word == 'buffer' then
    return buf and M.of_buffer(buf)
  elseif word == 'diagnostics' then
    return buf and M.of_diagnostics(buf)
  end
  local path, first, last = parse(word)
  return path ~= '' and of_path(path, first, last) or nil
end

-- The pieces that a prompt names. A word after `@` that names nothing is text like any other.
---@param prompt string
---@param buf integer|nil Where the person worked last
---@return pi.Piece[]
function M.of_prompt(prompt, buf)
  local pieces, seen = {}, {}
  for before, word in (' ' .. prompt):gmatch('(%s)@(%S+)') do
    local piece = before and (of_word(word, buf) or of_word((word:gsub('[%.,;:!%?%)]+$', '')), buf))
    if piece and not seen[piece.name] then
      seen[piece.name] = true
      pieces[#pieces + 1] = piece
    end
  end
  return pieces
end

-- How a range of a buffer is written in a prompt; nil for one that has no name to be written by.
---@param buf integer
---@param first integer
---@param last integer
---@return string|nil
function M.mention(buf, first, last)
  local name = vim.api.nvim_buf_get_name(buf)
  if name == '' or name:match('%s') or vim.bo[buf].buftype ~= '' then
    return nil
  end
  return ('@%s:%d-%d'):format(vim.fn.fnamemodify(name, ':.'), first, last)
end

-- For 'completefunc': words after `@`.
function M.complete(find_start, base)
  if find_start == 1 then
    local before = vim.api.nvim_get_current_line():sub(1, vim.api.nvim_win_get_cursor(0)[2])
    local at = before:match('.*()@%S*$')
    return at and at - 1 or -3
  end
  local start = base:sub(2)
  local words = vim.tbl_filter(function(word) return vim.startswith(word, start) end, { 'buffer', 'diagnostics' })
  vim.list_extend(words, vim.fn.getcompletion(start, 'file'))
  return vim.tbl_map(function(word) return '@' .. word end, words)
end

return M
