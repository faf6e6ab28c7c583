/** How Ratis is set, and why. */
@org.jspecify.annotations.NullMarked
package dev.streamwal.ratis.settings;
