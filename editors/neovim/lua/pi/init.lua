-- What other configuration may call. Nothing here needs `setup()`, and nothing starts the server but what needs it.
-- In: calls. Out: callbacks on the main loop, `callback(err, result)`, each once. Never here: a wait.

local M = {}

-- Options over the defaults; may be left out, and may be called again.
---@param options? table See `:help pi-options`
function M.setup(options) require('pi.config').set(options) end

-- Open the chat in use.
function M.chat() require('pi.chat').open() end

-- Open another, empty chat.
function M.new() require('pi.chat').new() end

-- Pick a kept chat of this folder, or of all with `everywhere`.
---@param everywhere? boolean
function M.chats(everywhere) require('pi.chat.history').pick(everywhere) end

---@class pi.AskOptions
---@field on_event? fun(event: pi.TurnEvent)
---@field params? table More members of `pi/chat`

-- Ask without a window; nothing is kept. `on_event` hears the answer as it comes.
---@param prompt string
---@param options? pi.AskOptions
---@param callback fun(err: pi.Error|nil, result: pi.ChatResult|nil)
---@return pi.Request
function M.ask(prompt, options, callback)
  options = options or {}
  local turn_id = ('nvim-ask-%d-%d'):format(vim.uv.os_getpid(), vim.uv.hrtime() / 1000)
  local params = { turnId = turn_id, prompt = prompt, ephemeral = true, model = require('pi.models').choice() }
  local stop = require('pi.events').on('chat', function(news)
    if news.turnId == turn_id and options.on_event then
      options.on_event(news.event)
    end
  end)
  return require('pi.server').request(
    'pi/chat',
    vim.tbl_extend('force', params, options.params or {}),
    function(err, result)
      stop()
      callback(err, result)
    end
  )
end

-- Stop the answer that is coming in the chat in use; what came is kept.
function M.stop() require('pi.chat').stop() end

---@param provider? string Nil asks
---@param callback? pi.Done Nil shows what went wrong
function M.login(provider, callback) require('pi.auth').login({ provider = provider }, callback) end

---@param provider? string Nil asks
---@param callback? fun(err: pi.Error|nil, result: pi.LogoutResult|nil)
function M.logout(provider, callback) require('pi.auth').logout(provider, callback) end

-- The models that are known. Nothing is fetched from a provider.
---@param callback fun(err: pi.Error|nil, models: pi.Model[])
function M.models(callback) require('pi.models').fetch(callback) end

-- Pick a model; the choice is kept.
function M.pick_model() require('pi.models').pick() end

-- Any method of the protocol.
---@param method string
---@param params table|nil
---@param callback fun(err: pi.Error|nil, result: any)
---@return pi.Request
function M.request(method, params, callback) return require('pi.server').request(method, params, callback) end

---@param callback? fun(err: pi.Error|nil)
function M.restart(callback)
  require('pi.server').restart(
    callback
      or function(err)
        vim.notify(
          err and 'pi: ' .. err.message or 'pi: The server was restarted',
          err and vim.log.levels.ERROR or nil
        )
      end
  )
end

-- The plugin's log in a tab page; it holds what the server wrote to stderr.
function M.log()
  local path = require('pi.log').path()
  vim.cmd.tabedit({ args = { vim.fn.fnameescape(path) } })
  vim.bo.readonly = true
  vim.cmd('normal! G')
end

-- For statuslines: the model, and whether an answer is coming. Empty while the plugin is not in use; starts nothing.
---@return string
function M.status()
  local server = package.loaded['pi.server']
  local phase = server and server.state().phase
  if phase ~= 'running' then
    return ({ failed = 'pi: not running', starting = 'pi: starting' })[phase] or ''
  end
  local models, chat = package.loaded['pi.models'], package.loaded['pi.chat']
  local id = models and models.current()
  local model = id and (models.find(id) or { name = id }).name or 'ready'
  return ('pi: %s%s'):format(model, chat and chat.running() > 0 and ' …' or '')
end

return M
