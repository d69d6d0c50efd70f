-- Options: what they are, what they default to, and what is wrong with those that were given.
-- In: the table for `setup()`. Out: `get()`, whole at any time, also without `setup()`.
-- Never here: a default that has to be changed before the plugin works.

local M = {}

---@class pi.Config
---@field command string[]|nil The server, such as `{ "/opt/pi/bin/pi", "serve" }`; nil looks for it
---@field env table<string, string> Variables for the server, over those of Neovim
---@field model string|nil `provider/model` to begin with; a choice in the picker wins
---@field reasoning string|nil How long models think, one of their `reasoningLevels`
---@field layout "vsplit"|"split"|"float"|"tab" Where a chat opens
---@field size number Share of the screen that a chat takes, 0 to 1
---@field log_level "debug"|"info"|"warning"|"error"|nil Of the server
---@field keys pi.Keys

---@class pi.Keys Keys in chat buffers; `false` leaves one out
---@field send string[]|false
---@field stop string[]|false
---@field models string[]|false
---@field yank_code string[]|false
---@field insert_code string[]|false
---@field diff_code string[]|false
---@field next_header string[]|false
---@field previous_header string[]|false
---@field help string[]|false

---@type pi.Config
local defaults = {
  command = nil,
  env = {},
  model = nil,
  reasoning = nil,
  layout = 'vsplit',
  size = 0.45,
  log_level = nil,
  keys = {
    send = { 'n <CR>', 'n <C-s>', 'i <C-s>' },
    stop = { 'n <C-c>', 'i <C-c>' },
    models = { 'n gm' },
    yank_code = { 'n gy' },
    insert_code = { 'n gp' },
    diff_code = { 'n gd' },
    next_header = { 'n ]]' },
    previous_header = { 'n [[' },
    help = { 'n g?' },
  },
}

local function one_of(...)
  local allowed = { ... }
  return function(value)
    return vim.list_contains(allowed, value), ('one of "%s"'):format(table.concat(allowed, '", "'))
  end
end

local function texts(value)
  local good = vim.islist(value) and #value > 0
  for _, text in ipairs(good and value or {}) do
    good = good and type(text) == 'string'
  end
  return good, 'a list of strings'
end

local function of_type(name)
  return function(value) return type(value) == name, 'a ' .. name end
end

local function key(value) return value == false or (texts(value)), 'a list such as { "n <CR>" }, or false' end

-- Whether a value will do, and what would.
---@type table<string, fun(value: any): boolean, string>
local checks = {
  command = texts,
  env = of_type('table'),
  model = of_type('string'),
  reasoning = of_type('string'),
  layout = one_of('vsplit', 'split', 'float', 'tab'),
  size = function(value) return type(value) == 'number' and value > 0 and value <= 1, 'a number from 0 to 1' end,
  log_level = one_of('debug', 'info', 'warning', 'error'),
  keys = of_type('table'),
}
for name in pairs(defaults.keys) do
  checks['keys.' .. name] = key
end

-- How many letters must change for one word to become the other.
local function distance(one, other)
  local row = {}
  for column = 0, #other do
    row[column] = column
  end
  for line = 1, #one do
    local diagonal = row[0]
    row[0] = line
    for column = 1, #other do
      local change = one:byte(line) == other:byte(column) and 0 or 1
      diagonal, row[column] = row[column], math.min(row[column] + 1, row[column - 1] + 1, diagonal + change)
    end
  end
  return row[#other]
end

-- The word of the list that is meant by a misspelt one.
---@param word string
---@param words string[]
---@return string
function M.nearest(word, words)
  local sorted = vim.list_extend({}, words)
  table.sort(sorted, function(one, other)
    local first, second = distance(word, one), distance(word, other)
    return first < second or (first == second and one < other)
  end)
  return sorted[1]
end

-- Names as they are written in a message: `layout`, `keys.send`.
local function flat(options)
  local found = {}
  for name, value in pairs(options) do
    found[tostring(name)] = value
    if name == 'keys' and type(value) == 'table' then
      for key_name, keys in pairs(value) do
        found['keys.' .. tostring(key_name)] = keys
      end
    end
  end
  return found
end

-- What is wrong with these options, a sentence each, sorted.
---@param options table
---@return string[]
function M.problems(options)
  local found = {}
  for name, value in pairs(flat(options)) do
    local check = checks[name]
    if not check then
      local nearest = M.nearest(name, vim.tbl_keys(checks))
      found[#found + 1] = ('There is no option `%s`; did you mean `%s`?'):format(name, nearest)
    else
      local good, wanted = check(value)
      if not good then
        found[#found + 1] = ('Option `%s` must be %s; the default is used'):format(name, wanted)
      end
    end
  end
  table.sort(found)
  return found
end

local function usable(options)
  local good = {}
  for name, value in pairs(options) do
    if name == 'keys' and type(value) == 'table' then
      good.keys = {}
      for key_name, keys in pairs(value) do
        local check = checks['keys.' .. tostring(key_name)]
        if check and check(keys) then
          good.keys[key_name] = keys
        end
      end
    elseif checks[name] and checks[name](value) then
      good[name] = value
    end
  end
  return good
end

-- Over the defaults, key by key. Lists are replaced as they stand.
local function merged(options)
  local config = vim.deepcopy(defaults)
  for name, value in pairs(options) do
    if name == 'keys' then
      for key_name, keys in pairs(value) do
        config.keys[key_name] = keys
      end
    else
      config[name] = value
    end
  end
  return config
end

local current = nil
local given_problems = {}

---@param options? table
function M.set(options)
  given_problems = M.problems(options or {})
  current = merged(usable(options or {}))
  for _, problem in ipairs(given_problems) do
    vim.notify('pi: ' .. problem, vim.log.levels.WARN)
  end
end

---@return pi.Config
function M.get()
  current = current or merged({})
  return current
end

-- For `:checkhealth`.
---@return string[]
function M.given_problems() return given_problems end

return M
