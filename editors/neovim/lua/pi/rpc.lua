-- JSON-RPC 2.0 with LSP framing over a process's pipes.
-- In: a command, whom to tell. Out: decoded messages, on the main loop; the end of the process.
-- Never here: what a message means. Not `vim.lsp.rpc`: that one writes every message to Neovim's LSP log at level
-- debug, and messages to this server may hold a code or a key; nor does it tell the ids that a withdrawal names.

local M = {}

local STDERR_KEPT = 4000

---@class pi.Connection
---@field send fun(message: table)
---@field close fun() Close its stdin; the server then stops by itself
---@field kill fun()
---@field pid integer

---@class pi.Listener
---@field on_message fun(message: table)
---@field on_stderr fun(text: string)
---@field on_exit fun(code: integer, signal: integer, stderr: string)

-- `feed(bytes)` returns the bodies that are whole now.
---@return fun(bytes: string): string[]
function M.decoder()
  local buffer = ''
  return function(bytes)
    buffer = buffer .. bytes
    local bodies, from = {}, 1
    while true do
      local head, tail = buffer:find('\r\n\r\n', from, true)
      local length = head and tonumber(buffer:sub(from, head):lower():match('content%-length:%s*(%d+)'))
      if not length or #buffer < tail + length then
        break
      end
      bodies[#bodies + 1] = buffer:sub(tail + 1, tail + length)
      from = tail + length + 1
    end
    buffer = buffer:sub(from)
    return bodies
  end
end

-- JSON is UTF-8, which text in a buffer need not be; the server would not even know which request to refuse.
---@param text string
---@return string
local function as_utf8(text)
  return (
    text:gsub(
      '[\128-\255]+',
      function(run) return not pcall(vim.fn.json_encode, run) and ('?'):rep(#run) or nil end
    )
  )
end

---@param message table
---@return string
function M.frame(message)
  local body = as_utf8(vim.json.encode(message))
  return ('Content-Length: %d\r\n\r\n%s'):format(#body, body)
end

-- Messages cross from the pipe's callback to the main loop together, however many one read brought.
local function relay(listener)
  local feed, queue = M.decoder(), {}
  local function drain()
    local bodies = queue
    queue = {}
    for _, body in ipairs(bodies) do
      local good, message = pcall(vim.json.decode, body, { luanil = { object = true, array = true } })
      if good then
        listener.on_message(message)
      else
        listener.on_stderr('the server said something that is no JSON')
      end
    end
  end
  return function(_, bytes)
    for _, body in ipairs(bytes and feed(bytes) or {}) do
      if #queue == 0 then
        vim.schedule(drain)
      end
      queue[#queue + 1] = body
    end
  end
end

local function collector(on_stderr)
  local kept = ''
  local function take(_, bytes)
    if bytes then
      kept = (kept .. bytes):sub(-STDERR_KEPT)
      vim.schedule(function() on_stderr(bytes) end)
    end
  end
  return take, function() return kept end
end

-- Start the process. Returns nil and the reason when there is no such program.
---@param command string[]
---@param env table<string, string>
---@param listener pi.Listener
---@return pi.Connection|nil, string|nil
function M.start(command, env, listener)
  local on_stderr, stderr = collector(listener.on_stderr)
  local started, process = pcall(vim.system, command, {
    stdin = true,
    stdout = relay(listener),
    stderr = on_stderr,
    env = env,
  }, vim.schedule_wrap(function(ended) listener.on_exit(ended.code, ended.signal, stderr()) end))
  if not started then
    return nil, tostring(process):match('ENOENT') and 'no such program' or tostring(process)
  end
  local function send(message)
    message.jsonrpc = '2.0'
    -- A server that has just died is told of by `on_exit`.
    pcall(process.write, process, M.frame(message))
  end
  return {
    send = send,
    close = function() pcall(process.write, process, nil) end,
    kill = function() pcall(process.kill, process, 'sigterm') end,
    pid = process.pid,
  }
end

return M
