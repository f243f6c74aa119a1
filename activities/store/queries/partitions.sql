-- name: make_partitions
SELECT partition, made FROM make_partitions($1, $2);
