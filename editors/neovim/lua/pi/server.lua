-- The one server of this Neovim: started when it is first needed, restarted after a crash, stopped with Neovim.
-- In: requests. Out: answers, always exactly one each; what the server says by itself goes to `pi.answers`.
-- Never here: what a method means; waiting.

local config = require('pi.config')
local discovery = require('pi.discovery')
local events = require('pi.events')
local log = require('pi.log')
local rpc = require('pi.rpc')

local M = {}

local PROTOCOL = 1
local RESTARTS = 5
local WINDOW_MS = 3 * 60 * 1000
local HELLO_MS = 15000

---@class pi.Error
---@field message string
---@field code string
---@field action? string
---@field provider? string
---@field providerMessage? string
---@field retryable? boolean

---@class pi.Request
---@field id integer|nil
---@field cancel fun()

-- `phase` is "stopped", "starting", "running" or "failed"; `waiting` are those to tell of the latter two.
local state = { phase = 'stopped', pending = {}, waiting = {}, crashes = {}, generation = 0, next_id = 0 }

---@return { phase: string, pid?: integer, command?: string[], version?: string, providers?: string[], reason?: string }
function M.state()
  local connection = state.connection
  return {
    phase = state.phase,
    pid = connection and connection.pid,
    command = state.command,
    version = state.version,
    providers = state.providers,
    reason = state.reason,
  }
end

local function failure(code, message, action)
  return { code = code, message = message, action = action, retryable = action == 'retry' }
end

-- The `error` member of a response as one value; its `data` is the server's own account of it.
local function error_of(response)
  local data = response.data or {}
  return vim.tbl_extend('keep', data, failure('internal', response.message or 'The pi server failed'))
end

local function set_phase(phase, reason)
  state.phase, state.reason = phase, reason
  events.emit('server', M.state())
end

-- Everybody who waits for a start is told how it went.
local function settle(err)
  local waiting = state.waiting
  state.waiting = {}
  for _, callback in ipairs(waiting) do
    callback(err)
  end
end

local function fail_pending(err)
  local pending = state.pending
  state.pending = {}
  for _, callback in pairs(pending) do
    callback(err, nil)
  end
end

local function on_message(generation, message)
  if generation ~= state.generation then
    return
  end
  if message.method then
    require('pi.answers').take(message, state.connection.send)
    return
  end
  local callback = message.id ~= nil and state.pending[message.id]
  if callback then
    state.pending[message.id] = nil
    callback(message.error and error_of(message.error), message.result)
  end
end

local function send_request(method, params, callback)
  state.next_id = state.next_id + 1
  local id = state.next_id
  state.pending[id] = callback
  state.connection.send({ id = id, method = method, params = params or vim.empty_dict() })
  return id
end

local function hello()
  local options = config.get()
  local version = vim.version()
  return {
    processId = vim.uv.os_getpid(),
    clientInfo = { name = 'Neovim', version = ('%d.%d.%d'):format(version.major, version.minor, version.patch) },
    rootUri = vim.uri_from_fname(vim.uv.cwd()),
    capabilities = {
      experimental = { pi = { approvals = true } },
      window = { showDocument = { support = true }, workDoneProgress = true },
      workspace = { applyEdit = true },
    },
    initializationOptions = { pi = { model = options.model, logLevel = options.log_level } },
  }
end

-- Why the answer to `initialize` cannot be worked with; nil when it can.
local function unfit(result)
  local capabilities = result and result.capabilities or {}
  local pi = (capabilities.experimental or {}).pi
  if not pi then
    return 'The program that was started is no pi server; set the option `command`'
  end
  state.version, state.providers = pi.serverVersion, pi.providers
  if pi.protocolVersion ~= PROTOCOL then
    return ('pi server %s speaks protocol %s and this plugin protocol %d; update the older of the two'):format(
      pi.serverVersion,
      pi.protocolVersion,
      PROTOCOL
    )
  end
end

local function recent_crashes()
  local now = vim.uv.now()
  state.crashes = vim.tbl_filter(function(at) return now - at < WINDOW_MS end, state.crashes)
  return #state.crashes
end

local function give_up()
  local message = ('The pi server crashed more than %d times in 3 minutes and is not started again; '):format(
    RESTARTS
  ) .. ':Pi log says why, :Pi restart tries again'
  set_phase('failed', message)
  vim.notify('pi: ' .. message, vim.log.levels.ERROR)
end

-- It ended without having been told to.
local function crashed(code, signal)
  log.write(('the server ended by itself: code %d, signal %d'):format(code, signal))
  table.insert(state.crashes, vim.uv.now())
  state.connection = nil
  local again = recent_crashes() <= RESTARTS
  set_phase('stopped')
  fail_pending(failure('server_stopped', 'The pi server stopped; what had come was kept', 'retry'))
  if again then
    vim.notify('pi: The server stopped and is started again', vim.log.levels.WARN)
    M.ensure(function() end)
  else
    give_up()
  end
end

local function could_not_start(err)
  log.write('could not start: ' .. err.message)
  state.connection = nil
  set_phase('failed', err.message)
  settle(err)
end

local start_next

-- This candidate did not become a server: the next one, or the reason of this one.
local function passed_over(candidates, index, reason, stderr)
  log.write(('%s: %s'):format(table.concat(candidates[index].command, ' '), reason))
  if stderr and vim.trim(stderr) ~= '' then
    reason = reason .. ': ' .. vim.trim(stderr):match('[^\n]*$')
  end
  start_next(candidates, index + 1, failure('server_failed', 'The pi server did not start: ' .. reason))
end

local function greet(generation, candidates, index)
  local timer = assert(vim.uv.new_timer())
  local function done()
    timer:stop()
    if not timer:is_closing() then
      timer:close()
    end
  end
  timer:start(
    HELLO_MS,
    0,
    vim.schedule_wrap(function()
      done()
      if generation == state.generation and state.phase == 'starting' then
        state.generation = state.generation + 1
        state.connection.kill()
        passed_over(candidates, index, ('it said nothing for %d s'):format(HELLO_MS / 1000))
      end
    end)
  )
  send_request('initialize', hello(), function(err, result)
    done()
    if state.phase ~= 'starting' then
      return
    end
    local problem = err and err.code ~= 'server_stopped' and err.message or not err and unfit(result)
    if problem then
      state.generation = state.generation + 1
      state.connection.kill()
      return could_not_start(failure('server_unfit', problem))
    elseif not err then
      state.connection.send({ method = 'initialized', params = vim.empty_dict() })
      set_phase('running')
      settle(nil)
    end
  end)
end

local function launch(candidates, index)
  state.generation = state.generation + 1
  local generation = state.generation
  state.pending = {}
  local connection, reason = rpc.start(candidates[index].command, config.get().env, {
    on_message = function(message) on_message(generation, message) end,
    on_stderr = log.write,
    on_exit = function(code, signal, stderr)
      if generation ~= state.generation then
        return
      elseif state.phase == 'starting' then
        passed_over(candidates, index, ('it ended with status %d'):format(code), stderr)
      else
        crashed(code, signal)
      end
    end,
  })
  if not connection then
    return passed_over(candidates, index, reason)
  end
  state.connection, state.command = connection, candidates[index].command
  greet(generation, candidates, index)
end

start_next = function(candidates, index, err)
  local candidate = candidates[index]
  if not candidate then
    return could_not_start(err or failure('server_missing', discovery.advice()))
  end
  local generation = state.generation
  discovery.probe(candidate, config.get().env, function(good)
    if generation ~= state.generation then
      return
    elseif good then
      launch(candidates, index)
    else
      start_next(candidates, index + 1, err)
    end
  end)
end

-- Call back once it runs, or with why it cannot. One start at a time, however many ask.
---@param callback fun(err: pi.Error|nil)
function M.ensure(callback)
  if state.phase == 'running' then
    return callback(nil)
  elseif state.phase == 'failed' and recent_crashes() > RESTARTS then
    return callback(failure('server_failed', state.reason))
  end
  table.insert(state.waiting, callback)
  if state.phase == 'starting' then
    return
  end
  set_phase('starting')
  require('pi.lifetime').watch()
  start_next(discovery.candidates(config.get()), 1)
end

-- Ask the server, starting it if need be. The answer comes once, on the main loop.
---@param method string
---@param params table|nil
---@param callback fun(err: pi.Error|nil, result: any)
---@return pi.Request
function M.request(method, params, callback)
  local request = { cancelled = false }
  function request.cancel()
    request.cancelled = true
    if request.id and state.pending[request.id] then
      state.connection.send({ method = '$/cancelRequest', params = { id = request.id } })
    end
  end
  M.ensure(function(err)
    if request.cancelled then
      err = failure('cancelled', 'Cancelled before the server had started')
    end
    if err then
      return callback(err, nil)
    end
    request.id = send_request(method, params, callback)
  end)
  return request
end

-- `shutdown` is not waited for: closing stdin alone would stop it as well.
local function let_go()
  local connection = state.connection
  state.generation = state.generation + 1
  state.connection = nil
  if connection then
    connection.send({ id = 0, method = 'shutdown' })
    connection.send({ method = 'exit' })
    connection.close()
  end
end

-- Stop it, and tell everybody who waits for an answer.
function M.stop()
  let_go()
  set_phase('stopped')
  local err = failure('server_stopped', 'The pi server was stopped', 'retry')
  settle(err)
  fail_pending(err)
end

-- Stop it because Neovim goes: nobody is left to be told, or asked what to do now.
function M.leave()
  state.waiting, state.pending = {}, {}
  let_go()
end

-- Stop it if it runs, forget the crashes, start it.
---@param callback? fun(err: pi.Error|nil)
function M.restart(callback)
  M.stop()
  state.crashes = {}
  M.ensure(callback or function() end)
end

return M
