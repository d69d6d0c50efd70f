std = 'luajit'
globals = { 'vim' }
max_line_length = 120
files['**/protocol.lua'] = { ignore = { '631' } }  -- generated
