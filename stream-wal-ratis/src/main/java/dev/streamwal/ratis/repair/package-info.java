/** A log copied from a peer: the peer's image, and fetching it. */
@org.jspecify.annotations.NullMarked
package dev.streamwal.ratis.repair;
