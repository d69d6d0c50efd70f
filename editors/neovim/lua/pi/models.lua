-- The models: what is known of them, which one is chosen, and the picker.
-- In: `pi/models`, and `pi/models/changed`. Out: a choice that is kept over restarts of Neovim.
-- Never here: a wait for the network; the picker opens with what is known and is brought up to date.

local choose = require('pi.choose')
local config = require('pi.config')
local events = require('pi.events')
local failure = require('pi.failure')
local format = require('pi.format')
local menu = require('pi.menu')
local server = require('pi.server')

local M = {}

---@type { models: pi.Model[], default: string|nil }
local known = { models = {}, default = nil }

local function choice_file()
  return vim.fs.joinpath(vim.fn.stdpath('state') --[[@as string]], 'pi', 'model')
end

local chosen

-- The model that the person picked, else the option's, else none: then the server decides.
---@return string|nil
function M.choice()
  if chosen == nil then
    local file = io.open(choice_file(), 'r')
    local text = file and vim.trim(file:read('*l') or '') or ''
    if file then
      file:close()
    end
    chosen = text ~= '' and text or false
  end
  return chosen or config.get().model
end

---@param id string
function M.choose(id)
  chosen = id
  vim.fn.mkdir(vim.fs.dirname(choice_file()), 'p')
  local file = io.open(choice_file(), 'w')
  if file then
    file:write(id, '\n')
    file:close()
  end
  events.emit('model', id)
end

-- What is known of a model by its id; nil when the list lacks it or has not come yet.
---@param id string|nil
---@return pi.Model|nil
function M.find(id)
  for _, model in ipairs(known.models) do
    if model.id == id then
      return model
    end
  end
end

---@return string|nil
function M.current() return M.choice() or known.default end

-- Ask the server for what it knows.
---@param callback fun(err: pi.Error|nil, models: pi.Model[])
function M.fetch(callback)
  server.request('pi/models', nil, function(err, result)
    if result then
      known = { models = result.models, default = result.defaultModel }
    end
    callback(err, known.models)
  end)
end

local REASONS =
  { login_required = 'not signed in', login_expired = 'sign-in expired', model_not_enabled = 'not enabled' }

local function price(model)
  if model.multiplier then
    return ('%gx'):format(model.multiplier)
  end
  return model.price and ('$%g/$%g'):format(model.price.input, model.price.output) or ''
end

local function reason(model)
  if model.available then
    return ''
  end
  local why = model.unavailableReason
  return why and (REASONS[why.code] or why.message) or 'not available'
end

-- One model in one line that fits into 76 columns when names are of the usual length.
---@param model pi.Model
---@return string
function M.line(model)
  local mark = model.id == M.current() and '●' or ' '
  local columns =
    { vim.fn.strcharpart(model.name, 0, 24), model.provider, format.tokens(model.contextWindow), price(model) }
  local text = ('%-24s %-14s %6s %9s  %s'):format(columns[1], columns[2], columns[3], columns[4], reason(model))
  return (mark .. ' ' .. vim.trim(text))
end

-- Usable ones first, in the server's order.
local function ordered(models)
  local usable = vim.tbl_filter(function(model) return model.available end, models)
  local rest = vim.tbl_filter(function(model) return not model.available end, models)
  return vim.list_extend(usable, rest)
end

local function use(model)
  M.choose(model.id)
  vim.notify(('pi: %s from now on'):format(model.name))
end

local function enable(model)
  local terms = model.policy and model.policy.terms
  local prompt = ('%s must be enabled first. %s'):format(model.name, terms or '')
  choose({ 'Enable it', 'Not now' }, { prompt = vim.trim(prompt), kind = 'pi_action' }, function(answer)
    if answer ~= 'Enable it' then
      return
    end
    server.request('pi/models/enable', { model = model.id }, function(err, result)
      if err then
        return failure.show(err)
      end
      use(result.model)
    end)
  end)
end

local function sign_in(model)
  require('pi.auth').login({ provider = model.provider }, function(err)
    if err then
      return failure.show(err)
    end
    use(model)
  end)
end

local helps = { login_required = sign_in, login_expired = sign_in, model_not_enabled = enable }

---@param model pi.Model|nil
local function picked(model)
  if not model then
    return
  elseif model.available then
    return use(model)
  end
  local why = model.unavailableReason or { code = '', message = 'It is not available' }
  local help = helps[why.code]
  if help then
    return help(model)
  end
  vim.notify(('pi: %s cannot be used: %s'):format(model.name, why.message), vim.log.levels.WARN)
end

local function group(model)
  return not model.available and 'PiUnavailable' or model.id == M.current() and 'PiCurrent' or nil
end

local function in_own_float(models)
  return menu.open({
    title = 'Models',
    items = ordered(models),
    line = M.line,
    group = group,
    key = function(model) return model.id end,
    at = M.current(),
    on_choice = picked,
  })
end

-- Floating windows there are now, to know which of them a picker opens.
local function floats()
  local found = {}
  for _, win in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(win).relative ~= '' then
      found[win] = true
    end
  end
  return found
end

-- Somebody else's picker is closed and opened again when there is a better list.
local function in_replaced_select(models)
  local round, over = 0, false
  local before = floats()
  local function open(items)
    round = round + 1
    local mine = round
    choose(items, { prompt = 'Model', kind = 'pi_model', format_item = M.line }, function(model)
      if mine == round then
        over = true
        picked(model)
      end
    end)
  end
  open(ordered(models))
  return {
    is_open = function() return not over end,
    update = function(items)
      if over then
        return
      end
      round = round + 1
      for win in pairs(floats()) do
        if not before[win] then
          pcall(vim.api.nvim_win_close, win, true)
        end
      end
      open(items)
    end,
  }
end

local function same(one, other) return vim.deep_equal(one, other) end

-- Open on what is known, or as soon as something is; better lists follow while it stands.
function M.pick()
  require('pi.highlights').ensure()
  local picker, stop
  local shown
  local function show(models)
    if picker and not picker.is_open() then
      return stop()
    elseif #models == 0 or same(models, shown) then
      return
    end
    shown = models
    if picker then
      return picker.update(ordered(models))
    end
    picker = (menu.select_is_builtin() and in_own_float or in_replaced_select)(models)
  end
  local function fetch()
    M.fetch(function(err, models)
      if err and not picker then
        stop()
        return failure.show(err)
      end
      show(models)
    end)
  end
  stop = events.on('models', fetch)
  show(known.models)
  fetch()
  server.request('pi/models', { refresh = true }, function(_, result)
    if result and picker and not result.stale then
      known = { models = result.models, default = result.defaultModel }
      show(known.models)
    end
  end)
end

-- What is known stays right without anybody looking.
events.on('models', function()
  M.fetch(function() events.emit('model', M.current()) end)
end)

return M
