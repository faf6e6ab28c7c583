/** What clients and replicas say to each other, as bytes. */
@org.jspecify.annotations.NullMarked
package dev.streamwal.ratis.wire;
