-- What the server says and asks by itself, a row each; a request that is not here is answered -32601.
-- In: messages. Out: answers by `respond(result, error)`, exactly one each, now or later.
-- Never here: a wait. A question that the server withdraws is closed unanswered.

local choose = require('pi.choose')
local events = require('pi.events')
local log = require('pi.log')

local M = {}

local LEVELS = { vim.log.levels.ERROR, vim.log.levels.WARN, vim.log.levels.INFO, vim.log.levels.DEBUG }

-- How to close the open questions, by the id of the request.
local open = {}

local notifications = {
  ['pi/chat/event'] = function(params) events.emit('chat', params) end,
  ['pi/login/updated'] = function(params) events.emit('login', params.attempt) end,
  ['pi/auth/changed'] = function(params)
    events.emit('auth', params)
    events.announce('PiAuthChanged', params)
  end,
  ['pi/models/changed'] = function(params) events.emit('models', params) end,
  ['window/showMessage'] = function(params) vim.notify('pi: ' .. params.message, LEVELS[params.type]) end,
  ['window/logMessage'] = function(params) log.write(params.message) end,
  ['$/cancelRequest'] = function(params)
    local close = open[params.id]
    open[params.id] = nil
    if close then
      close()
    end
  end,
}

local function show_document(params, respond)
  if params.external then
    local opened = require('pi.browser').open(params.uri)
    return respond({ success = opened })
  end
  local shown = vim.lsp.util.show_document(
    { uri = params.uri, range = params.selection },
    'utf-16',
    { focus = true }
  )
  respond({ success = shown })
end

local function show_message_request(params, respond)
  choose(params.actions or {}, {
    prompt = params.message,
    kind = 'pi_message',
    format_item = function(action) return action.title end,
  }, function(action) respond(action or vim.NIL) end)
end

local function nothing(_, respond) respond(vim.NIL) end

-- Each may return how to close what it opened.
local requests = {
  ['pi/approve'] = function(params, respond)
    return require('pi.approval').ask(params, function(option) respond({ optionId = option }) end)
  end,
  ['window/showDocument'] = show_document,
  ['window/showMessageRequest'] = show_message_request,
  ['window/workDoneProgress/create'] = nothing,
  ['client/registerCapability'] = nothing,
  ['client/unregisterCapability'] = nothing,
  ['workspace/configuration'] = function(params, respond)
    respond(vim.tbl_map(function() return vim.NIL end, params.items))
  end,
  ['workspace/workspaceFolders'] = function(_, respond)
    local cwd = vim.uv.cwd() --[[@as string]]
    respond({ { uri = vim.uri_from_fname(cwd), name = vim.fs.basename(cwd) } })
  end,
  ['workspace/applyEdit'] = function(params, respond)
    vim.lsp.util.apply_workspace_edit(params.edit, 'utf-16')
    respond({ applied = true })
  end,
}

---@param message { id?: any, method: string, params?: table }
---@param send fun(message: table)
function M.take(message, send)
  local id, handler = message.id, requests[message.method]
  if id == nil then
    local hear = notifications[message.method]
    return hear and hear(message.params or {})
  end
  local answered = false
  local function respond(result, err)
    open[id] = nil
    if not answered then
      answered = true
      send({ id = id, result = not err and result or nil, error = err })
    end
  end
  if not handler then
    return respond(nil, { code = -32601, message = 'This editor cannot do ' .. message.method })
  end
  local good, close = pcall(handler, message.params or {}, respond)
  if not good then
    log.write(('%s failed: %s'):format(message.method, close))
    return respond(nil, { code = -32603, message = message.method .. ' failed in the editor' })
  end
  if not answered and type(close) == 'function' then
    open[id] = function()
      answered = true
      close()
      send({ id = id, error = { code = -32800, message = 'Withdrawn' } })
    end
  end
end

return M
