-- The plugin's own log: what the server wrote to stderr or by `window/logMessage`, starts and ends.
-- In: sentences. Out: lines in one file. Never here: what was sent or received, so no code and no key.

local M = {}

local LARGEST = 1024 * 1024

---@return string
function M.path()
  return vim.fs.joinpath(vim.fn.stdpath('log') --[[@as string]], 'pi.log')
end

-- One older part is kept.
local function rotated(path)
  local stat = vim.uv.fs_stat(path)
  if stat and stat.size > LARGEST then
    vim.uv.fs_rename(path, path .. '.1')
  end
end

---@param text string One line or several
function M.write(text)
  local path = M.path()
  vim.fn.mkdir(vim.fs.dirname(path), 'p')
  rotated(path)
  local file = io.open(path, 'a')
  if not file then
    return
  end
  for line in vim.gsplit(vim.trim(text), '\n', { plain = true }) do
    file:write(os.date('!%Y-%m-%dT%H:%M:%SZ '), line, '\n')
  end
  file:close()
end

return M
