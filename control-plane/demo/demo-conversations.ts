/**
 * What the storefront's customers ask and what they are told. Names in braces are drawn for each call. Addresses and card numbers
 * stand as a node leaves them where a route takes them out.
 */
export interface DemoConversation {
  /** What was said before, the customer first. */
  readonly before: readonly (readonly [customer: string, assistant: string])[];
  readonly question: string;
  readonly answer: string;
  /** What a warmer answer ends with. */
  readonly next: string;
}

export const shopName = "Northwind Outfitters";
export const demoNames = ["Mia", "Jonas", "Aylin", "Tom", "Chiara", "Emil", "Noor", "Sofia", "Luca", "Hanna"] as const;
export const demoItems = ["rain jacket", "hiking boots", "wool sweater", "daypack", "trekking poles", "sleeping bag"] as const;

export const demoConversations: readonly DemoConversation[] = [
  {
    before: [],
    question: "Hi, where is my order {order}? It should have been here {days} days ago.",
    answer:
      "Order {order} with the {item} left our warehouse on time and has been at the carrier's depot in Leipzig since yesterday. The delay is on the carrier's side; the new estimate is tomorrow between 10:00 and 14:00.",
    next: "You can follow the parcel from your order page, or have it left at a pick-up point near you.",
  },
  {
    before: [
      ["I would like to send the {item} back, it is too small.", "You can return it within 30 days, free of charge. Is it order {order}?"],
    ],
    question: "Yes, that one. Can I get the next size instead of the money?",
    answer:
      "Yes. The {item} is in stock one size larger, and I can reserve it for you for seven days. It is sent as soon as the carrier has scanned your return; there is nothing to pay.",
    next: "Print the label that I have put on your order page and hand the parcel in at any post office.",
  },
  {
    before: [],
    question: "Is the {item} waterproof? I need it for a week in Scotland.",
    answer:
      "It is water-repellent and will keep you dry in a shower, but it is not made for hours of rain: its seams are not taped. For a week in Scotland I would look at something with a water column of 10,000 mm or more.",
    next: "If you tell me your size, I can look which of ours is in stock.",
  },
  {
    before: [
      ["My discount code does not work.", "I am sorry to hear that. Which code is it, and what does the page say when you enter it?"],
    ],
    question: "AUTUMN10, and it says not valid for these items.",
    answer:
      "AUTUMN10 does not apply to what is reduced already, and the {item} is. The rest of your basket qualifies: the code works once the {item} is ordered by itself.",
    next: "Your basket is kept, so you can take the {item} out and order it afterwards.",
  },
  {
    before: [],
    question: "Please change the e-mail address of my account to [email removed], I have lost the old one.",
    answer:
      "I cannot change an account's address from here, because I cannot see that the account is yours. Our team can: they call you back at the number that is on file and change it together with you.",
    next: "Choose “Call me back” under Contact; they are there until 20:00.",
  },
  {
    before: [
      [
        "I was charged twice for order {order}!",
        "That is worrying. Do both charges stand on the statement, or is one of them still pending?",
      ],
    ],
    question: "Both pending. The card is [card number removed], can you cancel one?",
    answer:
      "One of the two is a reservation that your bank lets go by itself, usually within three working days; only one payment has reached us for order {order}. Please do not send card numbers here, I do not need them.",
    next: "Should both be booked after three days, write to us again and we refund one the same day.",
  },
  {
    before: [
      ["Do you ship to Switzerland?", "Yes, in three to five working days, for 9.90 including customs clearance."],
      ["And how do returns work from there?", "The same way: a label from your order page. Only the 9.90 are not refunded."],
    ],
    question: "Last question: will the {item} be there by Friday if I order today?",
    answer:
      "I cannot promise that. Orders before 15:00 leave today, and most parcels to Switzerland are there after four working days, which would be Friday at the earliest.",
    next: "If you need it for certain, express delivery for 24.90 arrives in two days.",
  },
  {
    before: [],
    question: "How do I wash the {item}? The label has come off.",
    answer:
      "I do not know for certain without its model number, because we have sold it in two materials. If it feels like wool: by hand, cold, and dried flat. If it is synthetic: 30 degrees, no softener.",
    next: "The model number is on the inside of the left pocket; send it to me and I look it up.",
  },
];
