/** One shard of a replica: its log, what is known of it at an applied index, and what Ratis asks of it. */
@org.jspecify.annotations.NullMarked
package dev.streamwal.ratis.shard;
