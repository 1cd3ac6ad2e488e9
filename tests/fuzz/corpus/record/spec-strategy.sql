--0 spec strategy
UPDATE meta SET value = '{"search": {"strategy": "sobol"}}' WHERE key = 'spec';
