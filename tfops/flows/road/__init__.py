"""The one road of every change: plan, consent, apply, checks, card, record; and what is left when it ends early."""
