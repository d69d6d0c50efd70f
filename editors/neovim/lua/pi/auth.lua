-- Signing in and out: which provider, by which method, and a window for each kind of step.
-- In: perhaps a provider and a method. Out: a sign-in that has ended, one way or another, said in a message.
-- Never here: a token; codes and keys pass through to the server and are kept nowhere.

local choose = require('pi.choose')
local device = require('pi.device')
local events = require('pi.events')
local failure = require('pi.failure')
local format = require('pi.format')
local secret = require('pi.secret')
local server = require('pi.server')

local M = {}

---@class pi.LoginWish
---@field provider? string
---@field method? string

---@alias pi.Done fun(err: pi.Error|nil, attempt: pi.LoginAttempt|nil)

-- Providers that may be reached at a domain of one's own.
local enterprise = {
  ['github-copilot'] = 'GitHub Enterprise domain, or nothing for github.com: ',
}

local function cancelled() return { code = 'cancelled', message = 'Nothing was changed' } end

local function finish(err, attempt, provider, done)
  if attempt and attempt.state == 'succeeded' then
    local who = attempt.account and (' as ' .. attempt.account) or ''
    vim.notify(('pi: Signed in to %s%s'):format(provider.name, who))
  elseif attempt and attempt.state ~= 'cancelled' and attempt.state ~= 'superseded' then
    local ended = attempt.error or { code = 'login_denied', message = 'The sign-in has ' .. attempt.state }
    err = vim.tbl_extend('keep', { provider = provider.id }, ended)
  elseif attempt then
    err = cancelled()
  end
  done(err, attempt)
end

local function cancel_attempt(attempt)
  server.request('pi/login/cancel', { loginId = attempt.loginId }, function() end)
end

-- A window that closes when the server says that the attempt is over, wherever that came about.
local function follow(attempt, provider, window, done)
  local stop
  local over = false
  local function ended(err, last)
    if not over then
      over = true
      stop()
      window.close()
      finish(err, last, provider, done)
    end
  end
  local stop_login = events.on('login', function(news)
    if news.loginId == attempt.loginId and not news.step then
      ended(nil, news)
    end
  end)
  local stop_server = events.on('server', function(now)
    if now.phase == 'stopped' or now.phase == 'failed' then
      ended({ code = 'server_stopped', message = 'The pi server stopped; sign in again', action = 'login' })
    end
  end)
  stop = function()
    stop_login()
    stop_server()
  end
  return ended
end

local function paste(attempt, provider, done)
  local step = attempt.step
  local window, ended
  local function submit(text)
    server.request('pi/login/submit', { loginId = attempt.loginId, code = text }, function(err, last)
      if not err then
        ended(nil, last)
      elseif err.code == 'invalid_code' or err.code == 'state_mismatch' or err.retryable then
        window.fail(failure.sentence(err))
      else
        ended(err)
      end
    end)
  end
  window = secret.open({
    title = 'Sign in to ' .. provider.name,
    label = step.input and step.input.label or 'Code, if the browser is elsewhere',
    lines = { step.instructions },
    url = step.url,
    on_submit = submit,
    on_cancel = function()
      cancel_attempt(attempt)
      ended(cancelled())
    end,
  })
  ended = follow(attempt, provider, window, done)
end

local function show_code(attempt, provider, done)
  local ended
  local window = device.open('Sign in to ' .. provider.name, attempt, function()
    cancel_attempt(attempt)
    ended(cancelled())
  end)
  ended = follow(attempt, provider, window, done)
end

local windows = { pasteCode = paste, browser = paste, deviceCode = show_code }

local function show(attempt, provider, done)
  local window = attempt.step and windows[attempt.step.type]
  if window then
    return window(attempt, provider, done)
  elseif attempt.step then
    cancel_attempt(attempt)
    return done({ code = 'unsupported', message = 'This plugin is too old for that way to sign in; update it' })
  end
  finish(nil, attempt, provider, done)
end

local function start(params, provider, done, on_bad_params)
  server.request('pi/login/start', params, function(err, attempt)
    if not err then
      return show(attempt, provider, done)
    elseif on_bad_params and err.code == 'invalid_params' then
      return on_bad_params(err)
    end
    done(err)
  end)
end

local function ask_key(provider, done)
  local window
  window = secret.open({
    title = 'Sign in to ' .. provider.name,
    label = 'API key',
    lines = { 'Paste an API key; it is stored in a file that only you can read' },
    on_cancel = function() done(cancelled()) end,
    on_submit = function(text)
      local params = { provider = provider.id, method = 'apiKey', apiKey = (text:gsub('%s', '')) }
      server.request('pi/login/start', params, function(err, attempt)
        if err then
          return window.fail(failure.sentence(err))
        end
        window.close()
        finish(nil, attempt, provider, done)
      end)
    end,
  })
end

local function ask_domain(provider, method, done, problem)
  local question = enterprise[provider.id]
  local prompt = problem and problem.message .. '\n' .. question or question
  vim.ui.input({ prompt = prompt }, function(domain)
    -- Neovim leaves the question standing.
    vim.api.nvim_echo({ { '' } }, false, {})
    if not domain then
      return done(cancelled())
    end
    domain = vim.trim(domain)
    local params = { provider = provider.id, method = method, enterpriseDomain = domain ~= '' and domain or nil }
    start(params, provider, done, function(err) ask_domain(provider, method, done, err) end)
  end)
end

local function by_method(provider, method, done)
  if method == 'apiKey' then
    ask_key(provider, done)
  elseif enterprise[provider.id] then
    ask_domain(provider, method, done)
  else
    start({ provider = provider.id, method = method }, provider, done)
  end
end

local function choose_method(provider, done)
  if #provider.loginMethods < 2 then
    local only = provider.loginMethods[1]
    return by_method(provider, only and only.id, done)
  end
  choose(provider.loginMethods, {
    prompt = ('How do you want to sign in to %s?'):format(provider.name),
    kind = 'pi_login_method',
    format_item = function(method) return method.label end,
  }, function(method)
    if not method then
      return done(cancelled())
    end
    by_method(provider, method.id, done)
  end)
end

-- The provider with this id, or the one that the person picks.
local function choose_provider(prompt, wanted, providers, done, chosen)
  for _, provider in ipairs(providers) do
    if provider.id == wanted then
      return chosen(provider)
    end
  end
  if wanted then
    local ids = table.concat(vim.tbl_map(function(one) return one.id end, providers), ', ')
    return done({
      code = 'unknown_provider',
      message = ('No provider is called %s; there are: %s'):format(wanted, ids),
    })
  end
  choose(providers, {
    prompt = prompt,
    kind = 'pi_provider',
    format_item = function(one) return ('%s  %s'):format(one.name, format.status(one.status)) end,
  }, function(provider)
    if not provider then
      return done(cancelled())
    end
    chosen(provider)
  end)
end

-- Without `done`, what went wrong is shown.
local function or_shown(done)
  return done or function(err) return err and failure.show(err) end
end

---@param wish? pi.LoginWish
---@param done? pi.Done
function M.login(wish, done)
  wish, done = wish or {}, or_shown(done)
  require('pi.highlights').ensure()
  server.request('pi/providers', nil, function(err, result)
    if err then
      return done(err)
    end
    choose_provider('Sign in to', wish.provider, result.providers, done, function(provider)
      if wish.method then
        return by_method(provider, wish.method, done)
      end
      choose_method(provider, done)
    end)
  end)
end

local function said_goodbye(provider, result)
  local rest = result.stillAvailableFrom
  local parts =
    { result.removed and 'Signed out of ' .. provider.name or 'Nothing was stored for ' .. provider.name }
  if result.removed then
    parts[2] = 'nothing is revoked at the provider'
  end
  if rest then
    parts[#parts + 1] = rest:gsub('^env:', '') .. ' in the environment still authenticates'
  end
  return 'pi: ' .. table.concat(parts, '; ')
end

---@param wanted? string
---@param done? fun(err: pi.Error|nil, result: pi.LogoutResult|nil)
function M.logout(wanted, done)
  done = or_shown(done)
  server.request('pi/providers', nil, function(err, result)
    if err then
      return done(err)
    end
    choose_provider('Sign out of', wanted, result.providers, done, function(provider)
      server.request('pi/logout', { provider = provider.id }, function(problem, answer)
        if not problem then
          vim.notify(said_goodbye(provider, answer))
        end
        done(problem, answer)
      end)
    end)
  end)
end

return M
