-- `:checkhealth pi`: each line says what is, and what to do when it is not well.
-- In: this Neovim, the server. Out: lines by `vim.health`. The one place that waits, a few seconds at most, because
-- a report that goes on later would not be read.
-- Never here: a secret.

local config = require('pi.config')
local discovery = require('pi.discovery')
local format = require('pi.format')
local health = vim.health
local server = require('pi.server')

local M = {}

local WAIT_MS = 10000

-- The answer, or nil and why not.
local function ask(method)
  local answer = {}
  server.request(method, nil, function(err, result)
    answer.err, answer.result, answer.done = err, result, true
  end)
  vim.wait(WAIT_MS, function() return answer.done end, 10)
  return answer.result, answer.err and answer.err.message or 'no answer within 10 s'
end

local function check_editor()
  health.start('pi: editor')
  if vim.fn.has('nvim-0.10') == 1 then
    health.ok('Neovim ' .. tostring(vim.version()))
  else
    health.error('Neovim 0.10 or later is needed', 'Update Neovim')
  end
  local problems = config.given_problems()
  for _, problem in ipairs(problems) do
    health.warn(problem, 'See :help pi-options')
  end
  if #problems == 0 then
    health.ok('Options are fine')
  end
  if pcall(vim.treesitter.language.inspect, 'markdown') then
    health.ok('Markdown is coloured by tree-sitter')
  else
    health.warn('No tree-sitter parser for markdown; chats are coloured by the older syntax file')
  end
  if vim.fn.has('clipboard') == 1 then
    health.ok('Clipboard: ' .. (vim.fn['provider#clipboard#Executable']() or ''))
  else
    health.warn(
      'No clipboard tool; addresses and codes are copied through the terminal (OSC 52), if it allows that',
      {
        'See :help clipboard-tool',
        'In the sign-in window, s shows the address whole',
      }
    )
  end
end

local function check_server()
  health.start('pi: server')
  for _, candidate in ipairs(discovery.candidates(config.get())) do
    health.info('May be started: ' .. table.concat(candidate.command, ' '))
  end
  local result, reason = ask('pi/health')
  if not result then
    health.error(reason, { 'Install it with: ' .. discovery.install_command(), ':Pi log says more' })
    return nil
  end
  health.ok(
    ('pi-server %s runs, process %d, protocol %d'):format(result.version, result.pid, result.protocolVersion)
  )
  health.ok('Python ' .. result.python)
  health.info('Files: ' .. result.agentDir)
  health.info('Server log: ' .. (result.logFile or 'none'))
  health.info('Plugin log: ' .. require('pi.log').path())
  return result
end

local function check_file(agent_dir)
  local path = vim.fs.joinpath(agent_dir, 'oauth.json')
  local stat = vim.uv.fs_stat(path)
  if not stat then
    health.info('No sign-in is stored yet')
  elseif stat.mode % 64 ~= 0 then
    health.error(path .. ' can be read by others', 'chmod 600 ' .. path)
  else
    health.ok(path .. ' can be read by you alone')
  end
end

local function check_provider(provider)
  local status = provider.status
  local text = ('%s: %s'):format(provider.name, format.status(status))
  if status.state == 'ready' then
    local left = status.expiresAt and (status.expiresAt - format.now()) / 1000
    health.ok(left and left > 0 and ('%s; the token is good for %d min'):format(text, left / 60) or text)
  elseif status.state == 'loggedOut' then
    health.info(text .. '; :Pi login signs in')
  else
    health.warn(text, ':Pi login')
  end
end

local function check_proxy()
  health.start('pi: network')
  health.info('`pi doctor` in a terminal checks endpoints, proxy and certificates')
  for _, name in ipairs({ 'HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'SSL_CERT_FILE' }) do
    local value = vim.env[name] or vim.env[name:lower()]
    if value then
      -- A proxy's address may hold a password.
      health.info(('%s is set: %s'):format(name, (value:gsub('//[^@/]*@', '//…@'))))
    end
  end
end

function M.check()
  check_editor()
  local result = check_server()
  if result then
    health.start('pi: sign-ins')
    check_file(result.agentDir)
    for _, provider in ipairs(result.providers) do
      check_provider(provider)
    end
  end
  check_proxy()
end

return M
