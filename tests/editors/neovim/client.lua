-- A Neovim that knows nothing of pi: `vim.lsp.start`, its own handlers, and what a person would answer to them.
-- In: `nvim -l client.lua SCENARIO SERVER…`. Out: one JSON object a line on stdout; status 1 when a wait was in vain.

local scenario, command = arg[1], vim.list_slice(arg, 2)
local SECONDS = 15

local function say(value)
  io.stdout:write(vim.json.encode(value), '\n')
  io.stdout:flush()
end

local function wait(what, condition)
  if not vim.wait(SECONDS * 1000, condition, 5) then
    say({ failed = what })
    os.exit(1)
  end
end

-- What the person chooses in each menu (a pattern of the item's text), and what was offered.
local choices, menus = {}, {}
vim.ui.select = function(items, options, on_choice)
  local texts = vim.tbl_map(options.format_item or tostring, items)
  menus[#menus + 1] = { prompt = options.prompt, kind = options.kind, items = texts }
  local wanted = table.remove(choices, 1)
  for index, text in ipairs(texts) do
    if wanted and text:find(wanted) then
      return on_choice(items[index], index)
    end
  end
  on_choice(nil, nil)
end

-- Every message of the server as it came; the standard ones go on to Neovim's own handlers.
local heard = {}
local handlers = {}
for _, method in ipairs({ 'pi/chat/event', 'pi/auth/changed', 'pi/login/updated', 'pi/models/changed' }) do
  handlers[method] = function(err, params)
    assert(not err)
    heard[#heard + 1] = { method = method, params = params, at = vim.uv.hrtime() }
  end
end
for _, method in ipairs({ 'window/showMessage', 'window/showDocument', 'window/logMessage' }) do
  handlers[method] = function(err, params, context, config)
    heard[#heard + 1] = { method = method, params = params }
    return vim.lsp.handlers[method](err, params, context, config)
  end
end

local function all(method)
  return vim.tbl_map(
    function(one) return one.params end,
    vim.tbl_filter(function(one) return one.method == method end, heard)
  )
end

local exited
local client_id = assert(vim.lsp.start({
  name = 'pi',
  cmd = command,
  root_dir = vim.uv.cwd(),
  handlers = handlers,
  on_exit = function(code, signal) exited = { code = code, signal = signal } end,
}))
local client = assert(vim.lsp.get_client_by_id(client_id))
wait('initialize', function() return client.initialized end)

-- Neovim 0.10 has functions where 0.11 has methods.
local function call(name, ...)
  if vim.fn.has('nvim-0.11') == 1 then
    return client[name](client, ...)
  end
  return client[name](...)
end

local function start(method, params)
  local answer = {}
  local _, id = call('request', method, params, function(err, result)
    answer.done, answer.err, answer.result = true, err, result
  end)
  answer.id = id
  return answer
end

local function finish(answer, what)
  wait(what, function() return answer.done end)
  return { result = answer.result, err = answer.err }
end

local function request(method, params) return finish(start(method, params), method) end

local function execute(name, ...)
  return request('workspace/executeCommand', { command = name, arguments = { ... } })
end

local function texts(events)
  local text = {}
  for _, one in ipairs(events) do
    if one.event.type == 'text' then
      text[#text + 1] = one.event.delta
    end
  end
  return table.concat(text)
end

local function stop()
  call('stop')
  wait('exit', function() return exited end)
  return exited
end

local scenarios = {}

-- Sign in, choose a model, chat and sign out with commands and menus alone.
function scenarios.commands()
  choices = { 'Anthropic', 'browser' }
  local login = execute('pi.login')
  wait('the sign-in', function()
    local last = all('pi/login/updated')
    return #last > 0 and last[#last].attempt.state == 'succeeded'
  end)
  choices = { 'haiku' }
  local model = execute('pi.selectModel')
  local chat = request('pi/chat', { prompt = 'say 5 words' })
  local logout = execute('pi.logout')
  say({
    login = login,
    model = model,
    chat = chat,
    logout = logout,
    menus = menus,
    messages = all('window/showMessage'),
    documents = all('window/showDocument'),
    exited = stop(),
  })
end

-- Sign in with a code that is pasted; the person brings it on stdin, first a wrong one.
function scenarios.pastes()
  choices = { 'paste' }
  say({ login = execute('pi.login', 'anthropic') })
  local wrong = execute('pi.login', { provider = 'anthropic', code = 'not a code' })
  local right = execute('pi.login', { provider = 'anthropic', code = io.read() })
  wait('the message', function() return #all('window/showMessage') > 1 end)
  say({ wrong = wrong, right = right, messages = all('window/showMessage'), exited = stop() })
end

-- Nobody answers a menu: `vim.ui.select` is left with Escape, which Neovim answers with null.
function scenarios.dismissed()
  local login = execute('pi.login', {})
  local method = execute('pi.login', 'anthropic')
  local logout = execute('pi.logout', 'anthropic')
  say({
    login = login,
    method = method,
    logout = logout,
    menus = menus,
    messages = all('window/showMessage'),
    exited = stop(),
  })
end

-- An empty Lua table is an array on the wire.
function scenarios.empty_params()
  local answers = {}
  for _, method in ipairs({ 'pi/health', 'pi/providers', 'pi/models', 'pi/chat/list' }) do
    answers[method] = { request(method, {}), request(method, vim.empty_dict()), request(method, nil) }
  end
  say({ answers = answers, exited = stop() })
end

-- Stream one answer whole, and leave another in the middle. The prompt of the first is an unsaved buffer.
function scenarios.chat()
  local buffer = vim.api.nvim_create_buf(true, false)
  vim.api.nvim_buf_set_name(buffer, vim.uv.cwd() .. '/unsaved.txt')
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, { 'first line', 'second line' })
  vim.lsp.buf_attach_client(buffer, client_id)
  vim.api.nvim_buf_set_lines(buffer, 1, 2, false, { 'an edit that nobody saved äöü 🙂' })
  local context = { { uri = vim.uri_from_bufnr(buffer) } }
  local whole = request('pi/chat', { turnId = 'whole', prompt = 'repeat what I sent', context = context })
  local events = all('pi/chat/event')
  heard = {}
  local cut = start('pi/chat', { turnId = 'cut', prompt = 'say 5000 words' })
  wait('the first text', function() return texts(all('pi/chat/event')) ~= '' end)
  call('cancel_request', cut.id)
  wait('the end of the turn', function()
    local last = all('pi/chat/event')
    return last[#last].event.type == 'ended'
  end)
  -- Neovim keeps the answer "cancelled" to itself; the event `ended` is what a plugin hears.
  local rest = all('pi/chat/event')
  local chat = request('pi/chat/read', { chatId = rest[1].chatId })
  say({ whole = whole, events = events, rest = rest, chat = chat, exited = stop() })
end

-- Ready; then wait until another window signs out.
function scenarios.listens()
  say({ ready = true, pid = request('pi/health', {}).result.pid })
  wait('the sign-out of another window', function()
    local last = all('pi/auth/changed')
    return #last > 0 and last[#last].status.state == 'loggedOut'
  end)
  say({ heard_at = heard[#heard].at })
  say({ exited = stop() })
end

-- Sign out as soon as somebody says so on stdin.
function scenarios.signs_out()
  io.read()
  local logout = execute('pi.logout', 'anthropic')
  say({ at = vim.uv.hrtime(), logout = logout })
  say({ exited = stop() })
end

-- Ready; then do nothing until killed.
function scenarios.waits()
  say({ pid = request('pi/health', {}).result.pid, own_pid = vim.uv.os_getpid() })
  vim.wait(SECONDS * 1000, function() return false end)
end

scenarios[scenario]()
os.exit(0)
