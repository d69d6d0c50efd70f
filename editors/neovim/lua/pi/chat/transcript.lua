-- One turn of a chat, from the prompt to the end, as a value: `reduce(turn, event)`.
-- In: events of `pi/chat/event`, or the messages of a kept chat. Out: turns. Pure: a turn is never changed, and what
-- has not changed in it is the same table as before, so that whoever draws may compare by identity.
-- Never here: a buffer, a time, the server.

local M = {}

---@class pi.Turn
---@field id string
---@field prompt string
---@field context string[] What went along, a few words each
---@field status "waiting"|"streaming"|"ended"
---@field items pi.Item[]
---@field model? string
---@field source? string Where the credential came from
---@field usage? pi.Usage
---@field retry? pi.Retry
---@field stop_reason? string
---@field error? pi.Failure

---@class pi.Item
---@field type "text"|"reasoning"|"tool"|"compacted"
---@field text? string
---@field id? string
---@field title? string
---@field output? string
---@field diff? string
---@field status? "running"|"done"|"failed"
---@field before? integer
---@field after? integer

---@param id string
---@param prompt string
---@param context? string[]
---@return pi.Turn
function M.new(id, prompt, context)
  return { id = id, prompt = prompt, context = context or {}, status = 'waiting', items = {} }
end

local function with(value, changes) return vim.tbl_extend('force', value, changes) end

-- The turn with other items. Content has come, so a retry is over.
local function with_items(turn, items)
  local changed = with(turn, { items = items, status = 'streaming' })
  changed.retry = nil
  return changed
end

local function appended(turn, item)
  local items = vim.list_slice(turn.items)
  items[#items + 1] = item
  return with_items(turn, items)
end

local function replaced(turn, index, item)
  local items = vim.list_slice(turn.items)
  items[index] = item
  return with_items(turn, items)
end

local function tool_index(turn, id)
  for index, item in ipairs(turn.items) do
    if item.type == 'tool' and item.id == id then
      return index
    end
  end
end

-- A tool that was never announced is shown all the same.
local function with_tool(turn, id, changes)
  local index = tool_index(turn, id)
  if not index then
    local fresh = { type = 'tool', id = id, title = id, output = '', status = 'running' }
    return appended(turn, with(fresh, changes(fresh)))
  end
  return replaced(turn, index, with(turn.items[index], changes(turn.items[index])))
end

local function grown(turn, type, delta)
  local last = turn.items[#turn.items]
  if last and last.type == type then
    return replaced(turn, #turn.items, { type = type, text = last.text .. delta })
  end
  return appended(turn, { type = type, text = delta })
end

-- The text of blocks; of an image its kind.
local function text_of(blocks)
  local parts = {}
  for _, block in ipairs(blocks) do
    parts[#parts + 1] = block.type == 'text' and block.text
      or block.mimeType and ('[%s]'):format(block.mimeType)
      or nil
  end
  return table.concat(parts, '\n')
end

---@type table<string, fun(turn: pi.Turn, event: any): pi.Turn>
local reducers = {
  started = function(turn, event)
    return with(turn, { status = 'streaming', model = event.model, source = event.credentialSource })
  end,
  text = function(turn, event) return grown(turn, 'text', event.delta) end,
  reasoning = function(turn, event) return grown(turn, 'reasoning', event.delta) end,
  toolCall = function(turn, event)
    return with_tool(turn, event.id, function() return { title = event.title, name = event.name } end)
  end,
  toolOutput = function(turn, event)
    return with_tool(turn, event.id, function(tool) return { output = tool.output .. event.delta } end)
  end,
  toolResult = function(turn, event)
    return with_tool(turn, event.id, function(tool)
      local result = text_of(event.content)
      return {
        status = event.isError and 'failed' or 'done',
        output = result ~= '' and result or tool.output,
        diff = event.diff,
      }
    end)
  end,
  retry = function(turn, event) return with(turn, { retry = event }) end,
  usage = function(turn, event) return with(turn, { usage = event.usage }) end,
  compacted = function(turn, event)
    local item =
      { type = 'compacted', text = event.summary, before = event.tokensBefore, after = event.tokensAfter }
    return appended(turn, item)
  end,
}

local function of_block(turn, block)
  if block.type == 'text' or block.type == 'reasoning' then
    return grown(turn, block.type, block.text)
  elseif block.type == 'toolCall' then
    return reducers.toolCall(turn, { id = block.id, name = block.name, title = block.name })
  elseif block.type == 'toolResult' then
    return reducers.toolResult(turn, { id = block.toolCallId, isError = block.isError, content = block.content })
  end
  return turn
end

-- A turn whose deltas were not heard shows what `ended` brings; a tool without a result did not come to one.
reducers.ended = function(turn, event)
  if #turn.items == 0 then
    for _, block in ipairs(event.message.content) do
      turn = of_block(turn, block)
    end
  end
  for index, item in ipairs(turn.items) do
    if item.status == 'running' then
      turn = replaced(turn, index, with(item, { status = 'failed' }))
    end
  end
  local ended = with(turn, {
    status = 'ended',
    stop_reason = event.stopReason,
    usage = event.usage,
    error = event.error,
    model = turn.model or event.message.model,
  })
  ended.retry = nil
  return ended
end

-- An event of a kind that is not known yet changes nothing.
---@param turn pi.Turn
---@param event pi.TurnEvent
---@return pi.Turn
function M.reduce(turn, event)
  local reducer = reducers[event.type]
  return reducer and turn.status ~= 'ended' and reducer(turn, event) or turn
end

local joinable = { text = true, reasoning = true, toolOutput = true }

local function continues(one, other)
  return one and joinable[one.type] and one.type == other.type and one.id == other.id
end

-- The same events with neighbouring deltas made one, so that ten thousand cost no more than one.
---@param events pi.TurnEvent[]
---@return pi.TurnEvent[]
function M.joined(events)
  local result, parts = {}, {}
  local function flush()
    if #parts > 1 then
      result[#result] = with(result[#result], { delta = table.concat(parts) })
    end
    parts = {}
  end
  for _, event in ipairs(events) do
    if not continues(result[#result], event) then
      flush()
      result[#result + 1] = event
    end
    parts[#parts + 1] = event.delta
  end
  flush()
  return result
end

-- Attached pieces stand before the prompt, each in a block that begins with its name.
local function turn_of_prompt(message)
  local texts, context = {}, {}
  for _, block in ipairs(message.content) do
    texts[#texts + 1] = block.type == 'text' and block.text or nil
  end
  for index = 1, #texts - 1 do
    context[index] = texts[index]:match('^[^\n]*'):gsub(':$', '')
  end
  return M.new(message.id, texts[#texts] or '', context)
end

local function closed(turn, message)
  return with(turn, {
    status = 'ended',
    stop_reason = message.stopReason or turn.stop_reason or 'endTurn',
    usage = message.usage or turn.usage,
    model = message.model or turn.model,
  })
end

-- The turns of a kept chat, as `pi/chat/read` tells it.
---@param messages pi.Message[]
---@return pi.Turn[]
function M.from_messages(messages)
  local turns = {}
  for _, message in ipairs(messages) do
    if message.role == 'user' then
      turns[#turns + 1] = closed(turn_of_prompt(message), message)
    elseif #turns > 0 then
      local turn = turns[#turns]
      for _, block in ipairs(message.content) do
        turn = of_block(turn, block)
      end
      turns[#turns] = closed(turn, message)
    end
  end
  return turns
end

return M
