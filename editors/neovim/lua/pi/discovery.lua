-- Where the server is: the option, else `pi` on PATH, else a Python that has `pi_server`.
-- In: options. Out: commands to try in order, after asking each program whether it is the one; and what to say
-- when there is none. Never here: starting it.

local M = {}

---@class pi.Candidate
---@field command string[]
---@field probe? string[] What to run first
---@field said? string Pattern that its output must match

-- `-P`, here and below: a folder that somebody else wrote must not bring a `pi_server` of its own.
local FIND = 'import importlib.util, sys; sys.exit(importlib.util.find_spec("pi_server") is None)'

---@param config pi.Config
---@return pi.Candidate[]
function M.candidates(config)
  if config.command then
    return { { command = config.command } }
  end
  local found = {}
  local pi = vim.fn.exepath('pi')
  if pi ~= '' then
    -- Other programs are called `pi` too, and one of them would take `serve` for a prompt.
    found[1] = { command = { pi, 'serve' }, probe = { pi, '--version' }, said = '^pi %d+%.' }
  end
  for _, name in ipairs({ 'python3', 'python' }) do
    local python = vim.fn.exepath(name)
    if python ~= '' then
      found[#found + 1] =
        { command = { python, '-P', '-m', 'pi_server', 'serve' }, probe = { python, '-P', '-c', FIND }, said = '' }
    end
  end
  return found
end

-- Whether the candidate's program is the one.
---@param candidate pi.Candidate
---@param env table<string, string>
---@param callback fun(good: boolean)
function M.probe(candidate, env, callback)
  if not candidate.probe then
    return callback(true)
  end
  local answer = vim.schedule_wrap(
    function(ended) callback(ended.code == 0 and (ended.stdout or ''):match(candidate.said) ~= nil) end
  )
  local started = pcall(vim.system, candidate.probe, { env = env, text = true, timeout = 5000 }, answer)
  if not started then
    callback(false)
  end
end

-- The one command that installs it: from the clone that this file lies in, if it does.
---@return string
function M.install_command()
  local here = debug.getinfo(1, 'S').source:sub(2)
  local root = vim.fs.normalize(vim.fn.fnamemodify(here, ':p:h:h:h:h:h'))
  if vim.uv.fs_stat(vim.fs.joinpath(root, 'pi_server', 'server')) then
    return 'pipx install ' .. vim.fn.shellescape(root)
  end
  return 'pipx install pi-server'
end

---@return string
function M.advice()
  return ('No pi server was found: neither `pi` on PATH nor a Python with pi_server. Install it with: %s'):format(
    M.install_command()
  )
end

return M
