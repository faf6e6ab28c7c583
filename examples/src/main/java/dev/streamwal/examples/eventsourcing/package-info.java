/** Event sourcing with CQRS: accounts whose events are all that is stored, and a view of their balances in a process of its own. */
@NullMarked
package dev.streamwal.examples.eventsourcing;

import org.jspecify.annotations.NullMarked;
