-- Chats: which there are, sending a prompt, drawing what comes, stopping.
-- In: what the person does, and `pi/chat/event`. Out: drawings, twenty-five a second at most, and `User` autocommands.
-- Never here: how a turn changes (transcript), how it looks (render), where it stands (view, window).

local config = require('pi.config')
local context = require('pi.chat.context')
local events = require('pi.events')
local failure = require('pi.failure')
local models = require('pi.models')
local render = require('pi.chat.render')
local server = require('pi.server')
local transcript = require('pi.chat.transcript')
local view = require('pi.chat.view')
local window = require('pi.chat.window')
local work = require('pi.chat.work')

local M = {}

local FRAME_MS = 40

---@class pi.Session
---@field number integer
---@field view pi.View
---@field chat_id? string
---@field title? string
---@field model? string What answered last
---@field usage? pi.Usage
---@field turn? pi.Turn The one that runs
---@field waiting pi.TurnEvent[] Not drawn yet
---@field timed? boolean A drawing is due
---@field extra? pi.Piece[] What goes along with the next prompt and has no name to be written by
---@field draft? string What stood in the prompt when another one was sent
---@field request? pi.Request
---@field target? pi.Target Where code of an answer belongs

---@type table<integer, pi.Session>
local sessions = {}
local latest
local numbers = 0
local turn_ids = 0

---@param buf integer
---@return pi.Session|nil
function M.session(buf) return sessions[buf] end

-- The chat in the current window, else the one used last.
---@return pi.Session|nil
function M.current()
  local here = sessions[vim.api.nvim_get_current_buf()]
  return here or (latest and sessions[latest])
end

local function redraw_bars() vim.cmd.redrawstatus({ bang = true }) end

local function name_of(turn)
  local model = models.find(turn.model)
  return model and model.name or turn.model or 'Answer'
end

local function draw(session)
  local blocks = render.turn(session.turn, name_of(session.turn))
  view.draw(session.view, blocks)
  return blocks
end

-- Fold what has come into the turn, and draw it.
local function advance(session)
  local news = session.waiting
  session.waiting = {}
  for _, event in ipairs(transcript.joined(news)) do
    session.turn = transcript.reduce(session.turn, event)
  end
  session.usage = session.turn.usage or session.usage
end

local function announce_end(session, turn)
  events.announce('PiTurnEnded', {
    chatId = session.chat_id,
    turnId = turn.id,
    buf = session.view.buf,
    stopReason = turn.stop_reason,
    usage = turn.usage,
    error = turn.error,
  })
end

local send

-- A prompt that brought nothing stands ready to be sent again.
local function finish(session)
  advance(session)
  local turn = session.turn
  local blocks = draw(session)
  local again = turn.stop_reason == 'error' and #turn.items == 0
  if turn.usage and #turn.items > 0 then
    view.note(session.view, blocks, require('pi.chat.winbar').usage(turn.usage))
  end
  session.turn, session.request = nil, nil
  session.model = turn.model or session.model
  view.finish(session.view, again and turn.prompt or session.draft or '')
  session.draft = nil
  redraw_bars()
  announce_end(session, turn)
  if turn.error and turn.error.code == 'unknown_chat' then
    session.chat_id, session.title = nil, nil
    vim.notify(
      'pi: This chat was deleted elsewhere; the prompt stands below and begins a new one',
      vim.log.levels.WARN
    )
  end
  if turn.error and turn.error.action and turn.stop_reason ~= 'cancelled' then
    failure.show(turn.error, function()
      view.set_prompt(session.view, turn.prompt)
      send(session)
    end)
  end
end

-- Several events of one moment make one drawing.
local function frame(session)
  if session.timed then
    return
  end
  session.timed = true
  vim.defer_fn(function()
    session.timed = false
    if session.turn and vim.api.nvim_buf_is_valid(session.view.buf) then
      advance(session)
      draw(session)
    end
  end, FRAME_MS)
end

local function on_event(params)
  for _, session in pairs(sessions) do
    if session.turn and session.turn.id == params.turnId then
      session.chat_id = params.chatId
      table.insert(session.waiting, params.event)
      if params.event.type == 'ended' then
        finish(session)
      else
        frame(session)
      end
    end
  end
end

events.on('chat', on_event)
events.on('model', redraw_bars)

-- A turn that the server never began, or left: `ended` was not said, so it is said here.
local function end_with(session, err)
  local cancelled = err.code == 'cancelled'
  table.insert(session.waiting, {
    type = 'ended',
    stopReason = cancelled and 'cancelled' or 'error',
    message = { content = {} },
    usage = session.turn.usage,
    error = err,
  })
  finish(session)
end

-- The level that is set, if the model has it.
local function reasoning()
  local level, model = config.get().reasoning, models.find(models.current())
  return (not model or vim.list_contains(model.reasoningLevels, level)) and level or nil
end

local function params_of(session, turn, prompt, pieces)
  return {
    turnId = turn.id,
    chatId = session.chat_id,
    model = models.choice(),
    reasoning = reasoning(),
    prompt = prompt,
    context = #pieces > 0 and vim.tbl_map(function(piece) return piece.item end, pieces) or nil,
    cwd = vim.uv.cwd(),
  }
end

local function new_turn_id()
  turn_ids = turn_ids + 1
  return ('nvim-%d-%d-%d'):format(vim.uv.os_getpid(), vim.uv.hrtime() / 1000, turn_ids)
end

local function start_turn(session, prompt)
  local pieces = vim.list_extend(session.extra or {}, context.of_prompt(prompt, work.buffer()))
  session.extra = nil
  local names = vim.tbl_map(function(piece) return piece.name end, pieces)
  local turn = transcript.new(new_turn_id(), prompt, names)
  session.turn, session.waiting = turn, {}
  view.begin(session.view)
  draw(session)
  view.to_prompt(session.view)
  redraw_bars()
  session.request = server.request('pi/chat', params_of(session, turn, prompt, pieces), function(err)
    if sessions[session.view.buf] and session.turn and session.turn.id == turn.id and err then
      end_with(session, err)
    end
  end)
end

-- Each gets the word behind it, if there is one.
local commands = {
  login = function(provider) require('pi.auth').login({ provider = provider }) end,
  logout = function(provider) require('pi.auth').logout(provider) end,
  model = function(id)
    if id and models.find(id) then
      return models.choose(id)
    end
    models.pick()
  end,
  new = function() M.new() end,
}

-- The command on a prompt's first line, the word behind it, and the text below, which stays in the prompt. Below
-- `/login` and `/logout` nothing stays: it could be a code.
---@param prompt string
local function command_of(prompt)
  local first, below = prompt:match('^([^\n]*)\n?(.*)$')
  local name, word = first:match('^/(%a+)%s*(%S*)')
  local command = name and commands[name]
  if command then
    local rest = (name == 'model' or name == 'new') and vim.trim(below) or ''
    return command, word ~= '' and word or nil, rest
  end
end

-- Send what stands in the prompt; `/login` and its like are done and never sent.
---@param session pi.Session
send = function(session)
  if session.turn then
    return vim.notify('pi: An answer is still coming; <C-c> stops it')
  end
  local prompt = view.prompt(session.view)
  if prompt == '' then
    return vim.notify('pi: There is no prompt below the last header')
  end
  vim.cmd.stopinsert()
  local command, word, rest = command_of(prompt)
  if command then
    view.set_prompt(session.view, rest)
    return command(word)
  end
  start_turn(session, prompt)
end
M.send = send

---@param session? pi.Session
function M.stop(session)
  session = session or M.current()
  if not session or not session.turn then
    return vim.notify('pi: No answer is coming')
  end
  session.request.cancel()
end

-- Its buffer has been deleted; the chat itself is kept by the server.
local function forget(session)
  local buf = session.view.buf
  sessions[buf] = nil
  if session.turn then
    session.request.cancel()
  end
  vim.schedule(function() pcall(vim.api.nvim_buf_delete, buf, { force = true }) end)
end

local function create()
  require('pi.highlights').ensure()
  numbers = numbers + 1
  local buf = window.buffer(numbers)
  local session = { number = numbers, view = view.new(buf), waiting = {} }
  sessions[buf] = session
  require('pi.chat.keys').map(session)
  vim.api.nvim_create_autocmd('BufUnload', { buffer = buf, callback = function() forget(session) end })
  if numbers == 1 then
    models.fetch(function() redraw_bars() end)
  end
  return session
end

local function show(session)
  work.buffer()
  latest = session.view.buf
  window.show(session.view.buf)
  return session
end

-- Another, empty chat.
---@return pi.Session
function M.new()
  local session = show(create())
  view.to_prompt(session.view)
  return session
end

-- The chat in use, in a window.
---@return pi.Session
function M.open()
  local session = M.current()
  return session and show(session) or M.new()
end

---@class pi.Selection
---@field buf integer
---@field first integer Lines, counted from 1
---@field last integer

-- What a selection is written as at the beginning of a prompt; what cannot be written goes along unwritten.
local function attach(session, selection)
  session.target = work.target(selection.buf, selection.first, selection.last)
  local mention = context.mention(selection.buf, selection.first, selection.last)
  if not mention then
    session.extra = { context.of_buffer(selection.buf, selection.first, selection.last) }
  end
  return mention and mention .. ' ' or ''
end

-- Ask in the chat in use, with lines of a buffer if they were selected. What stood in the prompt stands there again
-- afterwards. Without a prompt the lines are put before it, and the rest is left to the person.
---@param prompt string
---@param selection? pi.Selection
function M.ask(prompt, selection)
  local session = M.open()
  if session.turn then
    return vim.notify('pi: An answer is still coming; <C-c> stops it')
  end
  local draft = view.prompt(session.view)
  local attached = selection and attach(session, selection) or ''
  if prompt == '' then
    return view.set_prompt(session.view, attached .. draft)
  end
  session.draft = draft
  view.set_prompt(session.view, attached .. prompt)
  send(session)
end

-- A kept chat in a window, from what the server told of it.
---@param chat pi.Chat
---@param messages pi.Message[]
function M.restore(chat, messages)
  local session = create()
  session.chat_id, session.title, session.model = chat.chatId, chat.title, chat.model
  for _, turn in ipairs(transcript.from_messages(messages)) do
    view.begin(session.view)
    session.usage = turn.usage or session.usage
    view.draw(session.view, render.turn(turn, name_of(turn)))
    view.finish(session.view, '')
  end
  show(session)
  view.to_prompt(session.view)
end

-- The open chat with this id.
---@param chat_id string
---@return boolean
function M.show_open(chat_id)
  for _, session in pairs(sessions) do
    if session.chat_id == chat_id then
      show(session)
      return true
    end
  end
  return false
end

-- How many answers are coming now.
---@return integer
function M.running()
  local count = 0
  for _, session in pairs(sessions) do
    count = count + (session.turn and 1 or 0)
  end
  return count
end

return M
