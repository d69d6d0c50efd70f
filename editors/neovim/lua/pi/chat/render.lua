-- A turn as lines of Markdown. Pure.
-- In: a turn. Out: blocks, which are lines and whether they are folded once they are complete.
-- Never here: a buffer, a colour, the width of a window.

local M = {}

---@class pi.Rendered
---@field lines string[]
---@field key string Same for the same part of a turn from one drawing to the next
---@field fold boolean Complete, and of the kind that is folded
---@field row? integer Of the first line that is folded, from 0 in this block

local YOU = '## You'
local LONG_OUTPUT = 6

M.YOU = YOU

local function split(text) return vim.split(text, '\n', { plain = true }) end

local function quoted(text)
  return vim.tbl_map(function(line) return line == '' and '>' or '> ' .. line end, split(text))
end

-- In a fence longer than any run of backticks inside.
local function fenced(language, text)
  local longest = 2
  for run in text:gmatch('`+') do
    longest = math.max(longest, #run)
  end
  local fence = ('`'):rep(longest + 1)
  local lines = { fence .. language }
  vim.list_extend(lines, split((text:gsub('\n$', ''))))
  lines[#lines + 1] = fence
  return lines
end

local function block(key, lines, fold, row)
  lines[#lines + 1] = ''
  return { key = key, lines = lines, fold = fold or false, row = row or 0 }
end

local function without_trailing_blanks(text) return (text:gsub('%s+$', '')) end

---@type table<string, string>
local MARKS = { running = '…', done = '✓', failed = '✗' }

local function tool(item)
  local lines = { ('**%s %s**'):format(MARKS[item.status], (item.title or ''):gsub('\n', ' ')), '' }
  local from = #lines
  if item.diff and item.diff ~= '' then
    vim.list_extend(lines, fenced('diff', item.diff))
    from = #lines
  end
  local output = without_trailing_blanks(item.output or '')
  if output ~= '' then
    vim.list_extend(lines, fenced('text', output))
  elseif not item.diff then
    lines[#lines] = nil
  end
  return lines, from
end

---@type table<string, fun(item: pi.Item, key: string, complete: boolean): pi.Rendered>
local renderers = {
  text = function(item, key, complete)
    return block(key, split(complete and without_trailing_blanks(item.text) or item.text))
  end,
  reasoning = function(item, key, complete)
    local lines = { '> **Thinking**', '>' }
    vim.list_extend(lines, quoted(without_trailing_blanks(item.text)))
    return block(key, lines, complete)
  end,
  tool = function(item, key)
    local lines, from = tool(item)
    local long = item.status ~= 'running' and #lines - from > LONG_OUTPUT
    return block(key, lines, long, from)
  end,
  compacted = function(item, key)
    local format = require('pi.format')
    local head = ('> **Earlier messages were summed up**: %s tokens became %s'):format(
      format.tokens(item.before),
      format.tokens(item.after)
    )
    return block(key, vim.list_extend({ head, '>' }, quoted(without_trailing_blanks(item.text))), true)
  end,
}

-- Why it ended, where that is not the ordinary way.
local ENDINGS = {
  cancelled = '*Stopped; what had come was kept*',
  maxTokens = '*The answer reached the longest that this model gives*',
  refusal = '*The model declined to go on*',
}

local function notice(turn)
  if turn.error and turn.stop_reason ~= 'cancelled' then
    local text = '**' .. turn.error.message .. '**'
    local own = turn.error.providerMessage
    return quoted(own and own ~= '' and text .. '\n\n' .. own or text)
  end
  local ending = ENDINGS[turn.stop_reason]
  return ending and { ending }
end

local function waiting(turn)
  if turn.retry then
    local retry = turn.retry
    local text = '*Attempt %d of %d in %.3g s: %s*'
    return {
      text:format(retry.attempt, retry.maxAttempts, retry.delayMs / 1000, (retry.error.message:gsub('%s+', ' '))),
    }
  end
  return turn.status ~= 'ended' and #turn.items == 0 and { '…' } or nil
end

local function head(turn, name)
  local lines = { YOU, '' }
  vim.list_extend(lines, split(turn.prompt))
  if #turn.context > 0 then
    vim.list_extend(lines, { '', '*With ' .. table.concat(turn.context, ', ') .. '*' })
  end
  vim.list_extend(lines, { '', '## ' .. (name:gsub('%s+', ' ')) })
  return block('head', lines)
end

-- Finished items are drawn once: they are the same table for as long as they do not change.
local drawn = setmetatable({}, { __mode = 'k' })

local function item_block(item, index, complete)
  local cached = drawn[item]
  if cached and cached.complete == complete and cached.index == index then
    return cached.block
  end
  local rendered = renderers[item.type](item, tostring(index), complete)
  drawn[item] = { block = rendered, complete = complete, index = index }
  return rendered
end

---@param turn pi.Turn
---@param name string What the answer is headed with
---@return pi.Rendered[]
function M.turn(turn, name)
  local blocks = { head(turn, name) }
  for index, item in ipairs(turn.items) do
    local complete = index < #turn.items or turn.status == 'ended'
    blocks[#blocks + 1] = item_block(item, index, complete)
  end
  local last = waiting(turn) or turn.status == 'ended' and notice(turn)
  if last then
    blocks[#blocks + 1] = block('notice', last)
  end
  return blocks
end

---@param blocks pi.Rendered[]
---@return string[]
function M.lines(blocks)
  local lines = {}
  for _, one in ipairs(blocks) do
    vim.list_extend(lines, one.lines)
  end
  return lines
end

-- What `foldtext` says of a folded block.
---@param first string Its first line
---@param count integer Lines
---@return string
function M.fold_text(first, count)
  local title = first:match('^```') and 'Output' or first:gsub('^[>%s*]+', ''):gsub('[*`]+', '')
  return ('▸ %s · %d lines'):format(title, count)
end

return M
