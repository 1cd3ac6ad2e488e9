--0 study other
UPDATE meta SET value = 'name: fuzz
metric: {name: v, goal: minimize}
trainer: {command: [t]}
parameters: {y: {values: [1, 2], start: 1}}' WHERE key = 'study';
