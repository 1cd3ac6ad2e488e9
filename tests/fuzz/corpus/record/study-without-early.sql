--0 study without early
UPDATE meta SET value = 'name: fuzz
metric: {name: val_loss, goal: minimize}
trainer: {command: [train]}
parameters: {x: {min: 0.0, max: 1.0, start: 0.5}, o: {values: [a, b, true], start: a}, m: {min: 1, max: 9, start: 2, when: {o: b}}}
' WHERE key = 'study';