/**
 * A log on several machines: each append is acknowledged when a majority of the replicas has it on disk, and all replicas have the same records at the same
 * positions. {@link dev.streamwal.ratis.ReplicatedWalServer} is one replica, {@link dev.streamwal.ratis.ReplicatedWal} what programs append and read with.
 */
@org.jspecify.annotations.NullMarked
package dev.streamwal.ratis;
