-- What was decided in one act is undone in one step.
ALTER TABLE decision ADD COLUMN bulk BIGINT DEFAULT 0;   -- first decision_id of the act that saved several at once; 0 = saved alone
