--0 run late
INSERT INTO run (id, experiment, variant, seed, attempt, class, bits) VALUES (3, 2, 'own', 77, 1, 'none', 0);
