-- `:Pi status`: one float that says what runs, who is signed in, and what is used.
-- In: `pi/health`. Out: lines. Never here: a secret; the server sends none.

local float = require('pi.float')
local format = require('pi.format')

local M = {}

local function row(name, value) return ('%-10s %s'):format(name, value) end

local function provider_rows(providers)
  local lines = {}
  for _, provider in ipairs(providers) do
    lines[#lines + 1] = ('%-18s %s'):format(provider.name, format.status(provider.status))
    if provider.status.fallback then
      lines[#lines + 1] = ('%-18s %s would be used after signing out'):format(
        '',
        provider.status.fallback:gsub('^env:', '')
      )
    end
  end
  return lines
end

---@param health pi.HealthResult
---@param command string[]
---@return string[]
function M.lines(health, command)
  local models = require('pi.models')
  local lines = {
    row(
      'Server',
      ('pi-server %s, process %d, up %s'):format(health.version, health.pid, format.countdown(health.uptimeMs))
    ),
    row('Command', table.concat(command, ' ')),
    row('Memory', ('%d MB'):format(health.rssBytes / 1000000)),
    row('Files', health.agentDir),
    row('Log', require('pi.log').path()),
    row('Server log', health.logFile or 'none'),
    row('Model', models.current() or 'none chosen'),
    '',
  }
  return vim.list_extend(lines, provider_rows(health.providers))
end

function M.show()
  require('pi.highlights').ensure()
  local server = require('pi.server')
  server.request('pi/health', nil, function(err, health)
    if err then
      return vim.notify('pi: ' .. err.message, vim.log.levels.ERROR)
    end
    local window
    local function close() window.close() end
    window = float.open({
      title = 'pi',
      lines = M.lines(health, server.state().command),
      footer = 'q close',
      keys = { { 'n q', close }, { 'n <Esc>', close }, { 'n <CR>', close } },
    })
  end)
end

return M
